// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import StationCore
import StationJSON
import StationSettings
import Stationmaster

/// Where the configuration is.
struct ConfigurationOption: ParsableArguments {
    @ArgumentParser.Option(
        name: [.customLong("config"), .customShort("c")],
        help: "The configuration file; the environment variable STATIONMASTER_CONFIG names another default.")
    var path = ProcessInfo.processInfo.environment["STATIONMASTER_CONFIG"] ?? "/etc/stationmaster/stationmaster.yaml"

    /// The settings alone: what a command needs to find the socket.
    func settings() throws -> Settings {
        try StationmasterOptions.all.read(path: path, environment: ProcessInfo.processInfo.environment)
    }

    /// The whole configuration with its keys.
    func configuration() throws -> StationmasterConfiguration {
        try StationmasterConfiguration.load(path: path, environment: ProcessInfo.processInfo.environment)
    }

    var folder: URL { URL(fileURLWithPath: path).deletingLastPathComponent() }

    func file(_ name: String) -> String {
        name.hasPrefix("/") ? name : folder.appendingPathComponent(name).path
    }
}

/// Every command takes it. A refusal is JSON too then, on standard error.
struct OutputOption: ParsableArguments {
    @Flag(name: .customLong("json"), help: "Print JSON, for programs; refusals as {\"error\": …} on standard error.")
    var isJSON = false

    /// Prints an answer: as JSON, or as `text` says.
    func show(_ answer: JSON, _ text: (JSON) -> String) {
        print(isJSON ? answer.printed : text(answer), terminator: isJSON ? "" : "\n")
    }
}

/// Which part of a long list.
struct PageOptions: ParsableArguments {
    @ArgumentParser.Option(help: "Begin behind this one, as a page before has said.") var after: String?
    @ArgumentParser.Option(help: "At most so many; the whole list if not given.") var limit: Int?

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is 1 or more") }
    }
}

/// A command that asks the running component.
struct Asking: ParsableArguments {
    @OptionGroup var config: ConfigurationOption
    @OptionGroup var output: OutputOption

    var json: Bool { output.isJSON }

    func call(_ command: String, _ arguments: [JSON.Member] = []) throws -> JSON {
        let settings = try config.settings()
        return try ControlClient(path: config.file(settings.text("control.socket"))).call(command, .object(arguments))
    }

    /// Asks, and prints the answer.
    func show(_ command: String, _ arguments: [JSON.Member] = [], _ text: (JSON) -> String) throws {
        output.show(try call(command, arguments), text)
    }

    /// Serials that one command takes.
    private static let portion = 1000

    /// Asks for any number of serials, a portion at a time: `command` says what to ask for a portion and whether it is the
    /// first, and the answers' members `count` are summed up.
    func call(_ serials: [JSON], count: String, _ command: (JSON, Bool) -> (String, [JSON.Member])) throws -> JSON {
        var answer: JSON = .null
        var sum: Int64 = 0
        for start in stride(from: 0, to: serials.count, by: Self.portion) {
            let part = Array(serials[start..<min(start + Self.portion, serials.count)])
            let (name, arguments) = command(.array(part), start == 0)
            do { answer = try call(name, arguments) } catch let error as CommandError where sum > 0 {
                throw CommandError(error.condition, "\(error.text); the first \(sum) serials are taken")
            }
            sum += answer[count]?.int64 ?? 0
        }
        answer[count] = .integer(sum)
        return answer
    }

    /// Asks for a list page by page, and prints it as one.
    func show(
        _ command: String, _ arguments: [JSON.Member] = [], list: String, _ pages: PageOptions, _ table: (JSON) -> Table
    ) throws {
        let answer = try ListPages(list: list, after: pages.after, limit: pages.limit).gather { try call(command, arguments + $0) }
        output.show(answer) { answer in
            let more = answer["next"]?.string.map { "\n… more with --after '\(TerminalText.safe($0))'" } ?? ""
            return table(answer).text + more
        }
    }
}

/// Serials from arguments and from a file or standard input, one a line.
func serials(_ arguments: [String], file: String?) throws -> [JSON] {
    var names = arguments.flatMap { $0.split(separator: ",").map(String.init) }
    if let file {
        let data = file == "-" ? FileHandle.standardInput.readDataToEndOfFile() : FileManager.default.contents(atPath: file)
        guard let data else { throw ValidationError("cannot read \(file)") }
        names += String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).map {
            $0.trimmingCharacters(in: .whitespaces)
        }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
    }
    guard !names.isEmpty else { throw ValidationError("no serial is named") }
    return names.map { .string($0) }
}
