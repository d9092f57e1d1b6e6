// SPDX-License-Identifier: Apache-2.0

import Foundation
import StationJSON
import StationProtocol

/// The files in `Schemas/payloads/`.
enum SchemaFolder {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Schemas/payloads")

    /// One example: its file name, its text, and for an invalid one the pointer of the error.
    struct Example {
        let name: String
        let text: String
        let pointer: String?
    }

    static func text(_ name: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(name), encoding: .utf8)
    }

    static func examples(of kind: String) throws -> [Example] {
        let folder = root.appendingPathComponent("examples/\(kind)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        return try names.filter { $0.hasSuffix(".json") }.map { name in
            let file = "examples/\(kind)/\(name)"
            let reason = name.hasPrefix("invalid-") ? try text(file.dropLast(5) + ".reason") : nil
            return Example(name: name, text: try text(file), pointer: reason.map { $0.trimmingCharacters(in: .newlines) })
        }
    }
}

extension Payload {
    static let names = registry.map { $0.name }
}

extension JSON {
    /// The same value with the members of each object in order of their names.
    var sorted: JSON {
        switch self {
        case .array(let items): .array(items.map(\.sorted))
        case .object(let members):
            .object(members.map { Member($0.key, $0.value.sorted) }.sorted { $0.key < $1.key })
        default: self
        }
    }
}
