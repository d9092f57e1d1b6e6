// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationJSON
import StationModel

/// Reading the arguments of commands.
enum Command {
    /// Serials in one command: while it is carried out nobody else is served.
    static let mostSerials = 1000

    /// A serial, or `bad-request` naming what is wrong with it.
    static func serial(_ value: JSONValue) throws -> Serial {
        let text = try value.requireString()
        do { return try Serial(text) } catch {
            throw CommandError("bad-request", "'\(text)' is no serial: \(error)")
        }
    }

    static func serials(_ value: JSONValue) throws -> [Serial] {
        let serials = try value.requireArray().map { try serial($0) }
        guard !serials.isEmpty else { throw CommandError("bad-request", "no serial is named") }
        guard serials.count <= mostSerials else {
            throw CommandError("bad-request", "more than \(mostSerials) serials; name them in several commands")
        }
        return serials
    }

    static func limit(_ arguments: JSONValue, _ standard: Int, most: Int) -> Int {
        max(1, min(most, arguments["limit"]?.int64.flatMap { Int(exactly: $0) } ?? standard))
    }
}
