// SPDX-License-Identifier: Apache-2.0

/// The fast path of ``JID``: an address of ASCII alone whose preparation is lower-casing.
///
/// It accepts only what is plainly valid. Whatever it refuses takes the long way, which decides and
/// names the fault, so the two cannot disagree about what is wrong.
struct PlainAddress {
    /// The offset of `@`, or 0.
    let localEnd: Int
    /// The offset of `/`, or the length.
    let domainEnd: Int

    /// Whether lower-casing changes anything.
    private let hasUpperCase: Bool

    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        var upper = false
        let at = Self.endOfLocal(bytes, &upper)
        guard let end = Self.endOfDomain(bytes, from: at == 0 ? 0 : at &+ 1, &upper) else { return nil }
        localEnd = at
        domainEnd = end
        hasUpperCase = upper
        guard end < bytes.count else { return }
        guard end &+ 1 < bytes.count, bytes.count &- end <= JID.partLimit &+ 1 else { return nil }
        var index = end &+ 1
        while index < bytes.count {
            guard bytes[index] >= 0x20, bytes[index] <= 0x7E else { return nil }
            index &+= 1
        }
    }

    /// The prepared address: lower-cased up to the resource, the resource as it is.
    func prepared(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        guard hasUpperCase else { return String(decoding: bytes, as: UTF8.self) }
        return String(unsafeUninitializedCapacity: bytes.count) { target in
            for index in 0..<bytes.count {
                let byte = bytes[index]
                let lower = index < domainEnd && byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
                target.initializeElement(at: index, to: lower)
            }
            return bytes.count
        }
    }

    /// The place of the `@` behind a valid localpart; 0 when there is none.
    private static func endOfLocal(_ bytes: UnsafeBufferPointer<UInt8>, _ upper: inout Bool) -> Int {
        var index = 0
        let limit = min(bytes.count, JID.partLimit &+ 1)
        while index < limit {
            let byte = bytes[index]
            if byte == UInt8(ascii: "@") { return index }
            guard isLocal(byte) else { return 0 }
            upper = upper || (byte >= 0x41 && byte <= 0x5A)
            index &+= 1
        }
        return 0
    }

    /// The end of a domain of labels of letters, digits, hyphens and underscores, at most 63 bytes
    /// each; nil when it is none. A label with hyphens in third and fourth place (an A-label
    /// perhaps) and a final dot take the long way.
    private static func endOfDomain(
        _ bytes: UnsafeBufferPointer<UInt8>, from: Int, _ upper: inout Bool
    ) -> Int? {
        let hyphen = UInt8(ascii: "-")
        var start = from
        var last = hyphen
        var index = from
        while index < bytes.count, bytes[index] != UInt8(ascii: "/") {
            let byte = bytes[index]
            if byte == UInt8(ascii: ".") {
                guard last != hyphen, index &- start <= DomainName.labelLimit else { return nil }
                start = index &+ 1
                last = hyphen
            } else {
                guard DomainName.isPlain(byte) else { return nil }
                if byte == hyphen, index == start || (index &- start == 3 && last == hyphen) { return nil }
                upper = upper || (byte >= 0x41 && byte <= 0x5A)
                last = byte
            }
            index &+= 1
        }
        guard last != hyphen, index &- start <= DomainName.labelLimit, index &- from <= JID.partLimit
        else { return nil }
        return index
    }

    /// ASCII7 of RFC 8264 §9.11 without what RFC 7622 §3.3.1 excludes.
    @inline(__always)
    static func isLocal(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x21, 0x23...0x25, 0x28...0x2E, 0x30...0x39, 0x3B, 0x3D, 0x3F, 0x41...0x7E: true
        default: false
        }
    }
}
