// SPDX-License-Identifier: Apache-2.0

import StationJSON
import StationProtocol

/// The first byte chooses the kind, the rest is its text.
enum PayloadBody {
    static func run(_ bytes: [UInt8]) -> String? {
        guard let first = bytes.first else { return nil }
        let kind = Payload.registry[Int(first) % Payload.registry.count]
        return check(kind, Array(bytes.dropFirst()))
    }

    private static func check<Kind: PayloadKind>(_ kind: Kind.Type, _ text: [UInt8]) -> String? {
        guard let root = try? JSONDocument(text).root else { return nil }
        let fits = Kind.validator.accepts(root)
        guard let value = try? Kind.decode(root) else { return nil }
        guard fits else { return "\(Kind.name) is taken, although it does not fit its shape" }
        let written = value.json.text
        guard let again = try? Kind.decode(text: written) else { return "\(Kind.name) is not taken as it is written: \(written)" }
        return again == value && again.json == value.json ? nil : "\(Kind.name) changes: \(written) to \(again.json.text)"
    }

    /// A little of everything for each kind; the examples in `Schemas/payloads/` are added by the program.
    static let seeds: [[UInt8]] = Payload.registry.indices.map { [UInt8($0)] + Array(#"{"serial":"wx-1","seq":1,"records":[]}"#.utf8) }
}
