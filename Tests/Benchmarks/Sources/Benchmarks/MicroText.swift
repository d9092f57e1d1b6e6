// SPDX-License-Identifier: Apache-2.0
import Foundation
import StationJSON
import XMLStream
import XMPPCore

/// Parsing stanzas into the arena, in reads of 64 KiB as they come from a socket.
struct MicroXML {
    private let header: [UInt8]
    private let stanzas: [UInt8]
    private let count: Int
    private static let readBytes = 65_536

    /// The file's first line is the stream header; each further line is a stanza.
    init(file: String) throws {
        let bytes = try FileManager.default.bytes(of: file)
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
            throw FixtureError(description: "\(file) has one line only")
        }
        header = Array(bytes[...end])
        stanzas = Array(bytes[(end + 1)...])
        count = stanzas.count { $0 == UInt8(ascii: "\n") }
    }

    func parse(seconds: Double) throws -> Measurement {
        let parser = XMLStreamParser()
        _ = try parser.feed(header)
        return try Stopwatch.run(seconds: seconds) {
            var seen = 0
            try stanzas.withUnsafeBytes { all in
                for start in stride(from: 0, to: all.count, by: Self.readBytes) {
                    let piece = UnsafeRawBufferPointer(rebasing: all[start..<min(start + Self.readBytes, all.count)])
                    for case .stanzas(let batch) in try parser.feed(piece) { seen += batch.count }
                }
            }
            guard seen == count else { throw FixtureError(description: "\(seen) stanzas instead of \(count)") }
            return seen
        }
    }
}

/// Strict validation of one JSON text, with the tape that reading it needs.
struct MicroJSON {
    private let text: [UInt8]

    init(file: String) throws { text = try FileManager.default.bytes(of: file) }

    func parse(seconds: Double) throws -> Measurement {
        var tokens = 0
        let measurement = try Stopwatch.run(seconds: seconds) {
            for _ in 0..<1000 {
                let document = try JSONDocument(text)
                tokens &+= document.root["seq"] == nil ? 0 : 1
            }
            return 1000
        }
        guard tokens > 0 else { throw FixtureError(description: "the text has no seq") }
        return measurement
    }
}

/// Fan-out into a buffer: a prepared envelope for each subscriber around one prepared content.
struct MicroWriter {
    private let heads: [PreparedHead]
    private let content: PreparedXML
    private static let chunkBytes = 128 * 1024

    init(subscribers: Int) throws {
        heads = try (0..<subscribers).map { number in
            var writer = XMLWriter(defaultNamespace: Namespaces.component)
            writer.start("message")
            writer.attribute("from", "devices.localhost")
            writer.attribute("to", "sub\(number)@localhost")
            writer.attribute("type", "headline")
            guard let head = writer.finishHead() else { throw FixtureError(description: "no head") }
            return head
        }
        var writer = XMLWriter(defaultNamespace: Namespaces.component)
        writer.start("event", namespace: "http://jabber.org/protocol/pubsub#event")
        writer.start("items")
        writer.attribute("node", "stations/ws1234")
        writer.start("item")
        writer.attribute("id", "1-123456")
        writer.attribute("publisher", "ws1234@localhost")
        writer.start("report", namespace: "urn:stationmaster:1")
        writer.start("json", namespace: "urn:xmpp:json:0")
        writer.text(String(repeating: "{\"n\":\"x\"}", count: 20))
        writer.endAll()
        content = writer.finish()
    }

    func fanOut(seconds: Double) throws -> Measurement {
        var writer = XMLWriter(defaultNamespace: Namespaces.component)
        var bytes = 0
        return Stopwatch.run(seconds: seconds) {
            for head in heads {
                writer.raw(head, content)
                guard writer.count >= Self.chunkBytes else { continue }
                bytes &+= writer.count
                writer.removeAll(keepingCapacity: true)
            }
            return heads.count
        }
    }
}
