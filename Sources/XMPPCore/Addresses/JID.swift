// SPDX-License-Identifier: Apache-2.0

/// An XMPP address, prepared as RFC 7622 says: whoever holds one holds a valid one, and two that
/// mean the same are equal.
///
/// One string is kept with the places of `@` and `/`, so an address costs at most one allocation.
/// `localpart`, `domain` and `resource` are cut out on demand; the comparing functions
/// (``hasSameBare(as:)``, ``isInDomain(_:)``) cut nothing.
public struct JID: Hashable, Sendable, CustomStringConvertible {
    /// The longest part, in bytes of UTF-8 (RFC 7622 §3.1).
    public static let partLimit = 1023

    /// The prepared address: `[localpart@]domain[/resource]`.
    let text: String
    /// The offset of `@`, or 0 when there is no localpart.
    private let localEnd: UInt16
    /// The offset of `/`, or the length when there is no resource.
    private let domainEnd: UInt16

    /// Reads an address as RFC 7622 §3 says, preparing each part.
    ///
    /// The resource begins after the first `/`; the localpart ends at the first `@` before that.
    public init(_ text: some StringProtocol) throws(JIDError) {
        let result = text.utf8.withContiguousStorageIfAvailable { bytes in JID.read(bytes) }
        if let result {
            self = try result.get()
        } else {
            var copy = String(text)
            self = try copy.withUTF8 { JID.read($0) }.get()
        }
    }

    /// Reads an address from bytes of UTF-8, such as an attribute of a stanza. ASCII costs one
    /// pass and at most one allocation. Bytes that are not UTF-8 are no address.
    public init(utf8 bytes: UnsafeBufferPointer<UInt8>) throws(JIDError) {
        self = try JID.read(bytes).get()
    }

    /// Puts an address together from its parts, preparing each.
    public init(localpart: String?, domain: String, resource: String? = nil) throws(JIDError) {
        var text = ""
        var localEnd = 0
        if let localpart {
            text = try Precis.localpart(localpart)
            localEnd = text.utf8.count
            text += "@"
        }
        text += try DomainName.prepare(domain)
        let domainEnd = text.utf8.count
        if let resource {
            text += "/"
            text += try Precis.resourcepart(resource)
        }
        self.init(prepared: text, localEnd: localEnd, domainEnd: domainEnd)
    }

    /// The caller has prepared the text; each part is at most 1023 bytes, so both places fit.
    private init(prepared text: String, localEnd: Int, domainEnd: Int) {
        self.text = text
        self.localEnd = UInt16(clamping: localEnd)
        self.domainEnd = UInt16(clamping: domainEnd)
    }

    private static func read(_ bytes: UnsafeBufferPointer<UInt8>) -> Result<JID, JIDError> {
        if let plain = PlainAddress(bytes) {
            let text = plain.prepared(bytes)
            return .success(JID(prepared: text, localEnd: plain.localEnd, domainEnd: plain.domainEnd))
        }
        do throws(JIDError) {
            return .success(try readParts(bytes))
        } catch {
            return .failure(error)
        }
    }

    private static func readParts(_ bytes: UnsafeBufferPointer<UInt8>) throws(JIDError) -> JID {
        // Before anything is mapped or normalised: three bytes of full-width text become one.
        guard bytes.count <= 9 * partLimit + 2 else { throw .tooLong(.domainpart) }
        let slash = bytes.firstIndex(of: UInt8(ascii: "/"))
        let head = bytes[..<(slash ?? bytes.endIndex)]
        let at = head.firstIndex(of: UInt8(ascii: "@"))
        let localpart = try at.map { (end) throws(JIDError) in try text(head[..<end], .localpart) }
        let domain = try text(head[(at.map { $0 &+ 1 } ?? 0)...], .domainpart)
        let resource = try slash.map { (start) throws(JIDError) in try text(bytes[(start &+ 1)...], .resourcepart) }
        return try JID(localpart: localpart, domain: domain, resource: resource)
    }

    /// The text of a part. What is not UTF-8 is refused rather than repaired, as U+FFFD would be allowed in a resource.
    private static func text(_ bytes: Slice<UnsafeBufferPointer<UInt8>>, _ part: JIDPart) throws(JIDError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .notAllowed(part, codePoint: 0xFFFD)
        }
        return text
    }
}

extension JID {
    /// The part before `@`, prepared; nil when there is none.
    public var localpart: String? { localEnd == 0 ? nil : cut(0, localEnd) }

    /// The domain or IP address, prepared.
    public var domain: String { cut(domainStart, domainEnd) }

    /// The part after the first `/`, prepared; nil when there is none.
    public var resource: String? {
        isBare ? nil : cut(domainEnd &+ 1, UInt16(clamping: text.utf8.count))
    }

    /// The address without its resource.
    public var bare: JID {
        isBare ? self : JID(prepared: cut(0, domainEnd), localEnd: Int(localEnd), domainEnd: Int(domainEnd))
    }

    /// Whether there is no resource.
    public var isBare: Bool { Int(domainEnd) == text.utf8.count }

    /// Whether there is neither localpart nor resource: a server, a component.
    public var isDomain: Bool { localEnd == 0 && isBare }

    /// The address as it stands in `from` and `to`.
    public var description: String { text }

    /// The same address with another resource, which is prepared; nil takes it away.
    public func with(resource: String?) throws(JIDError) -> JID {
        guard let resource else { return bare }
        let bareText = isBare ? text : cut(0, domainEnd)
        let full = bareText + "/" + (try Precis.resourcepart(resource))
        return JID(prepared: full, localEnd: Int(localEnd), domainEnd: Int(domainEnd))
    }

    /// Whether both are the same but for the resource.
    public func hasSameBare(as other: JID) -> Bool {
        domainEnd == other.domainEnd
            && text.utf8.prefix(Int(domainEnd)).elementsEqual(other.text.utf8.prefix(Int(other.domainEnd)))
    }

    /// Whether both have the same domain.
    public func hasSameDomain(as other: JID) -> Bool {
        domainBytes.elementsEqual(other.domainBytes)
    }

    /// Whether the domain is this one, which must be prepared already.
    public func isInDomain(_ domain: String) -> Bool {
        domainBytes.elementsEqual(domain.utf8)
    }

    private var domainStart: UInt16 { localEnd == 0 ? 0 : localEnd &+ 1 }

    private var domainBytes: Substring.UTF8View {
        text.utf8.prefix(Int(domainEnd)).dropFirst(Int(domainStart))
    }

    private func cut(_ start: UInt16, _ end: UInt16) -> String {
        let utf8 = text.utf8
        let from = utf8.index(utf8.startIndex, offsetBy: Int(start))
        let to = utf8.index(utf8.startIndex, offsetBy: Int(end))
        return String(text[from..<to])
    }
}
