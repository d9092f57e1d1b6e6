// SPDX-License-Identifier: Apache-2.0

/// Puts XML into JSON objects, as XEP-0295 sends it: one object for each element, and for each tag of the stream.
public enum JSONStreamWriter {
    /// One object with this text.
    public static func object(_ xml: some Collection<UInt8>) -> [UInt8] {
        var json: [UInt8] = []
        json.reserveCapacity(xml.count &+ 8)
        append(xml, to: &json)
        return json
    }

    /// One object for each of the elements in these bytes, which `XMLWriter` wrote. White space between them goes.
    public static func objects(_ stanzas: [UInt8]) -> [UInt8] {
        var json: [UInt8] = []
        json.reserveCapacity(stanzas.count &+ 64)
        var depth = 0
        var start = 0
        var index = 0
        while let tag = tag(in: stanzas, from: index) {
            if depth == 0 { start = tag.lowerBound }
            index = tag.upperBound
            let isEnd = stanzas[tag.lowerBound &+ 1] == UInt8(ascii: "/")
            let isEmpty = stanzas[tag.upperBound &- 2] == UInt8(ascii: "/")
            if isEnd { depth &-= 1 } else if !isEmpty { depth &+= 1 }
            if depth == 0 { append(stanzas[start..<index], to: &json) }
        }
        return json
    }

    /// The next tag, with its brackets.
    private static func tag(in bytes: [UInt8], from start: Int) -> Range<Int>? {
        guard let first = bytes[start...].firstIndex(of: UInt8(ascii: "<")) else { return nil }
        var quote: UInt8?
        for index in (first &+ 1)..<bytes.count {
            let byte = bytes[index]
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                return index >= first &+ 2 ? first..<(index &+ 1) : nil
            }
        }
        return nil
    }

    private static func append(_ xml: some Collection<UInt8>, to json: inout [UInt8]) {
        json.append(contentsOf: #"{"s":""#.utf8)
        for byte in xml {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                json.append(UInt8(ascii: "\\"))
                json.append(byte)
            case 0..<0x20:
                json.append(contentsOf: #"\u00"#.utf8)
                json.append(digits[Int(byte >> 4)])
                json.append(digits[Int(byte & 15)])
            default: json.append(byte)
            }
        }
        json.append(contentsOf: #""}"#.utf8)
    }

    private static let digits = Array("0123456789abcdef".utf8)
}
