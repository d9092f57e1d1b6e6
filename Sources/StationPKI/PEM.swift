// SPDX-License-Identifier: Apache-2.0
import StationDigest

/// Textual encoding of DER (RFC 7468). Read here rather than by OpenSSL, which would ask for a pass phrase on the terminal.
enum PEM {
    static func encode(_ label: String, _ der: [UInt8]) -> String {
        let body = Array(Base64.encode(der).utf8)
        var text = "-----BEGIN \(label)-----\n"
        for start in stride(from: 0, to: body.count, by: 64) {
            text += String(decoding: body[start..<min(start + 64, body.count)], as: UTF8.self) + "\n"
        }
        return text + "-----END \(label)-----\n"
    }

    /// All blocks in order; text around them is skipped (RFC 7468 §2). A block that is not closed or not Base64 is an error.
    static func blocks(in text: String) throws(PKIError) -> [(label: String, der: [UInt8])] {
        guard text.utf8.count <= PKILimits.pemBytes else { throw PKIError(.tooLarge, "the PEM text is too long") }
        var blocks: [(label: String, der: [UInt8])] = []
        var open: (label: String, body: [UInt8])?
        for line in text.utf8.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            let line = trimmed(line)
            if let label = boundary("-----BEGIN ", line) {
                guard open == nil else { throw PKIError(.malformed, "a PEM block begins inside another") }
                open = (label, [])
            } else if let label = boundary("-----END ", line) {
                guard let block = open, block.label == label else { throw PKIError(.malformed, "a PEM block ends that did not begin") }
                guard let der = Base64.decode(String(decoding: block.body, as: UTF8.self)), !der.isEmpty else {
                    throw PKIError(.malformed, "a PEM block is not Base64")
                }
                blocks.append((label, der))
                open = nil
            } else {
                open?.body += line
            }
        }
        guard open == nil else { throw PKIError(.malformed, "a PEM block does not end") }
        return blocks
    }

    private static func trimmed(_ line: Substring.UTF8View) -> [UInt8] {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
        let body = line.drop(while: isSpace)
        guard let end = body.lastIndex(where: { !isSpace($0) }) else { return [] }
        return Array(body[...end])
    }

    private static func boundary(_ start: String, _ line: [UInt8]) -> String? {
        guard line.starts(with: start.utf8), line.suffix(5).elementsEqual("-----".utf8) else { return nil }
        guard line.count > start.utf8.count &+ 5 else { return nil }
        return String(decoding: line.dropFirst(start.utf8.count).dropLast(5), as: UTF8.self)
    }
}
