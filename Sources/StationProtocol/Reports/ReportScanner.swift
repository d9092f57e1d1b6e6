// SPDX-License-Identifier: Apache-2.0
import StationJSON
import StationModel
import XMLStream
import XMPPCore

/// Recognises plain reports among the stanzas of a read, without an allocation for each.
///
/// It only ever says yes to what the general road through ``Report`` and `SenMLPack` accepts with the same result;
/// whatever is rare, doubtful or wrong is left to that road, which knows the words for it.
public struct ReportScanner {
    private static let pattern = StanzaPattern(
        stanza: XMLName("iq", Namespaces.component), payload: Report.xmlName, content: JSONContainer.name)
    private let domain: [UInt8]
    private var reader = JSONReader()

    /// `domain` is the component's own address.
    public init(domain: JID) { self.domain = Array(domain.description.utf8) }

    /// The plain report at an index; nil if it is none.
    public mutating func scan(_ batch: StanzaBatch, _ index: Int) -> PlainReport? {
        guard let parts = batch.parts(of: index, Self.pattern), parts.text.count <= reader.limits.bytes,
            isSet(batch.bytes(parts.type)), Self.isPlainID(batch.bytes(parts.id)), isDomain(batch.bytes(parts.to)),
            let address = PlainSender(batch.bytes(parts.from)), let sequence = sequence(batch.bytes(parts.text))
        else { return nil }
        let local = batch.bytes(parts.from.prefix(address.localLength))
        return PlainReport(
            index: index, id: parts.id, from: parts.from, localLength: address.localLength,
            domainLength: address.domainLength, hash: ByteHash.of(local), sequence: sequence, body: parts.text)
    }

    private func isSet(_ type: UnsafeBufferPointer<UInt8>) -> Bool {
        type.count == 3 && type[0] == UInt8(ascii: "s") && type[1] == UInt8(ascii: "e") && type[2] == UInt8(ascii: "t")
    }

    private func isDomain(_ to: UnsafeBufferPointer<UInt8>) -> Bool { to.elementsEqual(domain) }

    private static func isPlainID(_ id: UnsafeBufferPointer<UInt8>) -> Bool {
        !id.isEmpty && id.count <= 255 && id.allSatisfy(PlainSender.isPlain)
    }

    // MARK: - The text

    /// The sequence of a report whose text is plain.
    private mutating func sequence(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard let document = try? reader.read(text) else { return nil }
        let root = document.root
        guard Report.validator.accepts(root) else { return nil }
        var sequence: Int64?
        var isPlain = true
        root.forEachMember { name, value in
            switch name.code {
            case Self.seq: sequence = value.int64
            case 0: value.forEachItem { if !Self.isPlain($0) { isPlain = false } }
            default: isPlain = false
            }
        }
        return isPlain ? sequence : nil
    }

    private static let seq = JSONName.code("seq")
    private static let n = JSONName.code("n")
    private static let u = JSONName.code("u")
    private static let v = JSONName.code("v")
    private static let t = JSONName.code("t")
    private static let bt = JSONName.code("bt")
    private static let bu = JSONName.code("bu")
    private static let valueCodes = [JSONName.code("vs"), JSONName.code("vb"), JSONName.code("vd"), JSONName.code("s")]

    /// A record with a local name of its own and a value, whose numbers stay finite whatever is added.
    private static func isPlain(_ record: JSONValue) -> Bool {
        var hasName = false
        var hasValue = false
        var isPlain = true
        record.forEachMember { name, value in
            switch name.code {
            case n: hasName = value.withStringBytes(isLocalName) ?? false
            case v: hasValue = true
            case t, bt: if !value.withRawBytes(isModest) { isPlain = false }
            case u, bu: break
            case let code where valueCodes.contains(code): hasValue = true
            default: isPlain = false
            }
        }
        return hasName && hasValue && isPlain
    }

    /// RFC 8428 §4.5.1 without the colon, by which other stations are named.
    private static func isLocalName(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = name.first, name.count <= 255, isAlphanumeric(first) else { return false }
        return name.allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x2F || $0 == 0x5F }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        byte | 0x20 &- 0x61 < 26 || byte &- 0x30 < 10
    }

    /// A number of a few digits without an exponent.
    private static func isModest(_ number: UnsafeBufferPointer<UInt8>) -> Bool {
        number.count <= 24 && !number.contains { $0 | 0x20 == UInt8(ascii: "e") }
    }
}

/// A full or bare JID of printable ASCII without anything that XML would escape.
struct PlainSender {
    let localLength: Int
    let domainLength: Int

    init?(_ from: UnsafeBufferPointer<UInt8>) {
        guard from.count <= 2048, let at = from.firstIndex(of: UInt8(ascii: "@")), at > 0,
            from.allSatisfy(Self.isPlain)
        else { return nil }
        let slash = from.firstIndex(of: UInt8(ascii: "/")) ?? from.count
        guard at < slash, slash > at &+ 1 else { return nil }
        localLength = at
        domainLength = slash &- at &- 1
    }

    static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "\""): false
        case 0x21...0x7E: true
        default: false
        }
    }
}
