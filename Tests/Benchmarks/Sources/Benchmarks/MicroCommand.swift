// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation

/// `micro`: one part by itself, in a loop. The driver runs it in turn with the same work done by others.
struct MicroCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "micro", abstract: "Measure one part in a loop; prints one line of JSON.")

    /// The parts.
    enum Part: String, CaseIterable, ExpressibleByArgument { case xml, json, writer, store, matching }

    @Argument(help: "xml, json, writer, store or matching.") var part: Part
    @Option(help: "xml: stanzas behind a stream header; json: one text. matching: the folder of a fixture.") var input = ""
    @Option(help: "store: a folder on the disk to be measured.") var folder = ""
    @Option(help: "How long.") var seconds = 0.3
    @Option(help: "store: reports in one transaction; writer: subscribers; matching: reports in all.") var count = 1000

    func run() throws {
        let measurement =
            switch part {
            case .xml: try MicroXML(file: input).parse(seconds: seconds)
            case .json: try MicroJSON(file: input).parse(seconds: seconds)
            case .writer: try MicroWriter(subscribers: count).fanOut(seconds: seconds)
            case .store: try MicroStore(folder: folder).append(seconds: seconds, batch: count)
            case .matching: try MicroMatching(folder: input).run(reports: count)
            }
        print(try measurement.line())
    }
}

extension FileManager {
    /// The bytes of a file, or a sentence.
    func bytes(of path: String) throws -> [UInt8] {
        guard let data = contents(atPath: path) else { throw FixtureError(description: "cannot read \(path)") }
        return [UInt8](data)
    }
}
