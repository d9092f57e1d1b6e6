// SPDX-License-Identifier: Apache-2.0

import Foundation
import StationJSON
import StationProtocol
import Testing

/// The shapes under thousands of near misses. With STATIONMASTER_VARIATIONS_DIR set, texts and verdicts are written there
/// for Tests/Schemas/check_schemas.py, which asks a public validator of JSON Schema for its verdict.
@Suite struct VariationTests {
    @Test(arguments: Payload.names)
    func `near misses are judged without a trap`(_ name: String) throws {
        let kind = try #require(Payload.kind(name))
        let examples = try SchemaFolder.examples(of: name).filter { $0.pointer == nil }
            .map { try JSONDocument($0.text).root.json }
        let texts = kind.shape.variations(of: examples, seed: 8259, count: 1500)
        #expect(texts == kind.shape.variations(of: examples, seed: 8259, count: 1500))
        var lines = ""
        var accepted = 0
        for text in texts {
            let document = try JSONDocument(text)
            let fits = kind.validator.accepts(document.root)
            if fits { accepted += 1 }
            decode(kind, document.root, fits)
            lines += JSON.object([
                .init("kind", .string(name)), .init("text", .string(text)), .init("accepted", .boolean(fits)),
            ]).text + "\n"
        }
        #expect(accepted > 10 && accepted < texts.count - 10, "\(accepted) of \(texts.count)")
        if let folder = ProcessInfo.processInfo.environment["STATIONMASTER_VARIATIONS_DIR"] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data(lines.utf8).write(to: URL(fileURLWithPath: folder).appendingPathComponent("\(name).jsonl"))
        }
    }

    /// What decodes encodes to a text that fits and decodes to the same; what does not fit does not decode.
    private func decode<Kind: PayloadKind>(_ kind: Kind.Type, _ value: JSONValue, _ fits: Bool) {
        do throws(JSONError) {
            let decoded = try Kind.decode(value)
            #expect(fits)
            #expect(try Kind(text: decoded.json.text) == decoded)
        } catch {
            // A text that fits may still hold an address that cannot be prepared.
            if fits { #expect(error.reason == "must be a bare JID", "\(error)") }
        }
    }
}
