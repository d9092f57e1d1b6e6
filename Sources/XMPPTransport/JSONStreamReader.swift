// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a JSON-framed stream.
public enum JSONStreamError: String, Error, Hashable, Sendable, CustomStringConvertible {
    /// The first octet of the connection is no open brace: the peer does not speak XEP-0295.
    case noBrace = "the first octet is no open brace"
    /// Something else than an object with the one member `s`, a string.
    case shape = "not an object with the one member s, a string"
    /// A control character, a bad escape or half a surrogate pair inside a string.
    case string = "a string that is none"
    /// The text of an object does not end with a tag.
    case piece = "the text of an object ends inside a tag or with text"
    /// More than the limit in one object.
    case tooLarge = "an object is too large"

    public var description: String { rawValue }
}

/// Takes the XML out of a JSON-framed stream (XEP-0295): a sequence of objects `{"s":"…"}`, with white space between.
///
/// However the bytes are cut, the result is the same. The text of an object comes out when its closing brace is there,
/// so that nothing of the framing is left to be read when TLS starts behind it. That text is all that is kept, and it
/// is bounded. Depth is one: anything nested is refused where it begins. A value.
public struct JSONStreamReader: Sendable {
    /// The longest text of an object, by default: twice the largest stanza, since XML may be escaped.
    public static let textBytes = 524_288
    /// How many bytes one byte of the text may take in JSON: `\u003c`.
    private static let longestEscape = 6
    /// Room that is kept for the next object.
    private static let keptBytes = 65_536

    private enum Place: Sendable { case outside, name, nameText, colon, value, text, end }
    private enum Escape: Hashable, Sendable {
        case none
        case begun
        case digits(count: Int, value: UInt32)
    }

    private let textLimit: Int
    private let objectLimit: Int
    private var place = Place.outside
    private var escape = Escape.none
    /// The first half of a surrogate pair whose second half must follow.
    private var half: UInt32?
    private var used = 0
    private var name: [UInt8] = []
    private var text: [UInt8] = []
    private var isFirst = true
    /// Why the stream was refused; nothing more is read then.
    public private(set) var failure: JSONStreamError?

    /// - Parameter textBytes: the longest text of an object, in bytes of UTF-8.
    public init(textBytes: Int = Self.textBytes) {
        textLimit = min(max(1, textBytes), 1 << 30)
        objectLimit = textLimit &* Self.longestEscape &+ 16
    }

    /// Bytes held until their object is complete.
    public var heldBytes: Int { text.count }

    /// Takes what was read, and appends the XML of the objects that are complete by now. See ``failure`` afterwards.
    public mutating func read(_ bytes: UnsafeRawBufferPointer, into xml: inout [UInt8]) {
        guard failure == nil else { return }
        do throws(JSONStreamError) {
            var index = bytes.startIndex
            while index < bytes.endIndex {
                let isString = place == .text || place == .nameText
                if isString, escape == .none, half == nil {
                    // A name is at fault with its second byte, so that what it is refused for depends on no cut.
                    let run = Self.plainRun(bytes, from: index, most: place == .text ? .max : 1)
                    try count(run)
                    try append(UnsafeRawBufferPointer(rebasing: bytes[index..<(index &+ run)]))
                    index &+= run
                    if run > 0 { continue }
                }
                let byte = bytes[index]
                index &+= 1
                if place != .outside { try count(1) }
                if isString { try inside(byte) } else { try between(byte, &xml) }
            }
        } catch {
            failure = error
            text = []
        }
    }

    /// A new stream starts: what was read of the next object is forgotten.
    public mutating func restart() {
        let wasFirst = isFirst
        self = JSONStreamReader(textBytes: textLimit)
        isFirst = wasFirst
    }

    // MARK: Outside of strings

    private mutating func between(_ byte: UInt8, _ xml: inout [UInt8]) throws(JSONStreamError) {
        if [0x20, 0x09, 0x0A, 0x0D].contains(byte), !isFirst { return }
        switch (place, byte) {
        case (.outside, UInt8(ascii: "{")):
            isFirst = false
            used = 1
            name = []
            place = .name
        case (.outside, _): throw isFirst ? .noBrace : .shape
        case (.name, UInt8(ascii: "\"")): place = .nameText
        case (.colon, UInt8(ascii: ":")): place = .value
        case (.value, UInt8(ascii: "\"")): place = .text
        case (.end, UInt8(ascii: "}")):
            try finishObject(&xml)
            place = .outside
        default: throw .shape
        }
    }

    private mutating func finishObject(_ xml: inout [UInt8]) throws(JSONStreamError) {
        let last = text.last { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard last == nil || last == UInt8(ascii: ">") else { throw .piece }
        xml.append(contentsOf: text)
        text.removeAll(keepingCapacity: text.capacity <= Self.keptBytes)
    }

    private mutating func count(_ bytes: Int) throws(JSONStreamError) {
        used &+= bytes
        if used > objectLimit { throw .tooLarge }
    }

    // MARK: Inside of strings

    /// How many bytes stand for themselves from here on, as far as that many.
    private static func plainRun(_ bytes: UnsafeRawBufferPointer, from start: Int, most: Int) -> Int {
        var index = start
        let end = start &+ min(most, bytes.endIndex &- start)
        while index < end {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
            index &+= 1
        }
        return index &- start
    }

    private mutating func append(_ bytes: some Collection<UInt8>) throws(JSONStreamError) {
        if place == .text {
            guard bytes.count <= textLimit &- text.count else { throw .tooLarge }
            return text.append(contentsOf: bytes)
        }
        name.append(contentsOf: bytes.prefix(2))
        if name.count > 1 { throw .shape }
    }

    private mutating func inside(_ byte: UInt8) throws(JSONStreamError) {
        switch escape {
        case .digits(let count, let value):
            guard let digit = Self.digit(byte) else { throw .string }
            let total = value << 4 | digit
            escape = count == 3 ? .none : .digits(count: count &+ 1, value: total)
            if count == 3 { try unit(total) }
        case .begun:
            if byte == UInt8(ascii: "u") {
                escape = .digits(count: 0, value: 0)
                return
            }
            guard half == nil, let plain = Self.escaped(byte) else { throw .string }
            escape = .none
            try append(CollectionOfOne(plain))
        case .none:
            if byte == UInt8(ascii: "\\") {
                escape = .begun
                return
            }
            guard byte == UInt8(ascii: "\""), half == nil else { throw .string }
            if place == .text {
                place = .end
            } else {
                guard name == [UInt8(ascii: "s")] else { throw .shape }
                place = .colon
            }
        }
    }

    /// A code unit of UTF-16, written as `\uXXXX`.
    private mutating func unit(_ value: UInt32) throws(JSONStreamError) {
        if let high = half {
            guard (0xDC00...0xDFFF).contains(value) else { throw .string }
            half = nil
            try scalar(0x10000 &+ (high &- 0xD800) << 10 &+ (value &- 0xDC00))
        } else if (0xD800...0xDBFF).contains(value) {
            half = value
        } else {
            try scalar(value)
        }
    }

    private mutating func scalar(_ value: UInt32) throws(JSONStreamError) {
        guard let scalar = Unicode.Scalar(value) else { throw .string }
        try append(Array(String(Character(scalar)).utf8))
    }

    private static func digit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x30...0x39: UInt32(byte &- 0x30)
        case 0x41...0x46: UInt32(byte &- 0x37)
        case 0x61...0x66: UInt32(byte &- 0x57)
        default: nil
        }
    }

    private static func escaped(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }
}
