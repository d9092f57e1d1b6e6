// SPDX-License-Identifier: Apache-2.0

internal import CStationExpat

/// Makes names that every peer's parser takes (XML 1.0 §2.3, Namespaces in XML 1.0 §4: no colon).
enum XMLNameRules {
    /// Whether bytes are a name of ASCII characters, as nearly all are.
    @inline(__always)
    static func isPlain(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = bytes.first, isStart(first) else { return false }
        for byte in bytes where !isStart(byte) && !isLater(byte) { return false }
        return true
    }

    /// A name in the place of one that may be none: what is not allowed becomes `_`.
    static func repaired(_ name: String) -> [UInt8] {
        var bytes: [UInt8] = name.utf8.map { $0 >= 0x80 || isStart($0) || isLater($0) ? $0 : UInt8(ascii: "_") }
        if bytes.first.map({ $0 < 0x80 && !isStart($0) }) ?? true { bytes.insert(UInt8(ascii: "_"), at: 0) }
        if bytes.contains(where: { $0 >= 0x80 }), !isTakenByExpat(bytes) {
            bytes = bytes.map { $0 >= 0x80 ? UInt8(ascii: "_") : $0 }
        }
        return bytes
    }

    /// Peers know the letters of different editions of XML. The servers read with expat, so expat is asked.
    private static func isTakenByExpat(_ name: [UInt8]) -> Bool {
        guard let parser = XML_ParserCreate("UTF-8") else { return false }
        defer { XML_ParserFree(parser) }
        let document = [UInt8(ascii: "<")] + name + Array("/>".utf8)
        return document.withUnsafeBytes {
            XML_Parse(parser, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: $0.count), 1)
        } == XML_STATUS_OK
    }

    /// Whether expat might refuse to declare this namespace (Namespaces in XML 1.0 §3): both names begin like this.
    static func mayBeReserved(_ namespace: UnsafeRawPointer, _ length: Int) -> Bool {
        length > reserved.utf8CodeUnitCount
            && PlainBytes.areEqual(namespace, reserved.utf8Start, reserved.utf8CodeUnitCount)
    }

    private static let reserved: StaticString = "http://www.w3.org/"

    @inline(__always)
    static func isStart(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26 || byte == UInt8(ascii: "_")
    }

    @inline(__always)
    static func isLater(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
}
