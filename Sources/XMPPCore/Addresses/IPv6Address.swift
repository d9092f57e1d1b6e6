// SPDX-License-Identifier: Apache-2.0

/// The text form of an IPv6 address (RFC 4291 §2.2), as it stands in brackets in a domainpart.
enum IPv6Address {
    /// Eight groups of one to four hexadecimal digits, one run of zeros left out by `::`, the last
    /// two groups perhaps written as IPv4. No zone: it means nothing to another host.
    static func isValid(_ text: Substring) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count >= 2, bytes.count <= 45 else { return false }
        let halves = split(bytes)
        switch halves.count {
        case 1: return groups(halves[0], mayEndInIPv4: true) == 8
        case 2:
            guard let left = groups(halves[0], mayEndInIPv4: false),
                let right = groups(halves[1], mayEndInIPv4: true)
            else { return false }
            return left + right <= 7
        default: return false
        }
    }

    /// Cuts at each `::`.
    private static func split(_ bytes: [UInt8]) -> [[UInt8]] {
        var halves: [[UInt8]] = [[]]
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: ":"), index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: ":") {
                halves.append([])
                index += 2
            } else {
                halves[halves.count - 1].append(bytes[index])
                index += 1
            }
        }
        return halves
    }

    /// How many groups of 16 bits these are; nil when one is malformed.
    private static func groups(_ bytes: [UInt8], mayEndInIPv4: Bool) -> Int? {
        guard !bytes.isEmpty else { return 0 }
        let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var count = 0
        for (index, part) in parts.enumerated() {
            if part.contains(UInt8(ascii: ".")) {
                guard mayEndInIPv4, index == parts.count - 1, isIPv4(part) else { return nil }
                count += 2
            } else {
                guard (1...4).contains(part.count), part.allSatisfy(isHexadecimal) else { return nil }
                count += 1
            }
        }
        return count
    }

    private static func isIPv4(_ bytes: ArraySlice<UInt8>) -> Bool {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                (1...3).contains(part.count) && part.allSatisfy { (0x30...0x39).contains($0) }
                    && part.reduce(0) { $0 * 10 + Int($1) - 0x30 } <= 255
            }
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) || (0x41...0x46).contains(byte)
    }
}
