// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import StationSettings
import StationCore
import StationJSON
import Stationmaster

/// Where the configuration is.
struct ConfigurationOption: ParsableArguments {
    @ArgumentParser.Option(name: [.customLong("config"), .customShort("c")], help: "The configuration file.")
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

/// A command that asks the running component.
struct Asking: ParsableArguments {
    @OptionGroup var config: ConfigurationOption

    @Flag(name: .customLong("json"), help: "Print JSON.")
    var json = false

    func call(_ command: String, _ arguments: [JSON.Member] = []) throws -> JSON {
        let settings = try config.settings()
        return try ControlClient(path: config.file(settings.text("control.socket"))).call(command, .object(arguments))
    }

    /// Asks, and prints the answer: as JSON, or as `text` says.
    func show(_ command: String, _ arguments: [JSON.Member] = [], _ text: (JSON) -> String) throws {
        let answer = try call(command, arguments)
        print(json ? answer.prettyPrinted() : text(answer))
    }
}

extension JSON {
    /// The members' values of an array inside an object; empty if there is none.
    func rows(_ key: String) -> [JSON] {
        if case .array(let items)? = self[key] { return items }
        return []
    }

    /// A value as people read it in a table.
    func cell(_ key: String) -> String {
        switch self[key] {
        case .string(let text)?: text
        case .integer(let number)?: String(number)
        case .number(let number)?: String(number)
        case .boolean(let flag)?: flag ? "yes" : "no"
        default: "–"
        }
    }

    /// Seconds since 1970 as local time.
    func time(_ key: String) -> String {
        guard let seconds = self[key]?.double else { return "–" }
        let formatter = DateFormatter()
        formatter.dateFormat = "yyyy-MM-dd HH:mm:ss"
        return formatter.string(from: Date(timeIntervalSince1970: seconds))
    }
}

/// Serials from arguments and from a file or standard input, one a line.
func serials(_ arguments: [String], file: String?) throws -> JSON {
    var names = arguments.flatMap { $0.split(separator: ",").map(String.init) }
    if let file {
        let data = file == "-" ? FileHandle.standardInput.readDataToEndOfFile() : FileManager.default.contents(atPath: file)
        guard let data else { throw ValidationError("cannot read \(file)") }
        names += String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).map {
            $0.trimmingCharacters(in: .whitespaces)
        }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
    }
    guard !names.isEmpty else { throw ValidationError("no serial is named") }
    return .array(names.map { .string($0) })
}
