// SPDX-License-Identifier: Apache-2.0

/// A string, number or word that was scanned. Two words, so that it travels in registers: nothing that scans a token
/// takes the address of the scanner.
struct JSONToken {
    /// After its last byte; where the scan stopped, if it is flawed.
    let end: UnsafePointer<UInt8>
    /// For the node; or a flaw, marked by ``flawed``.
    let info: UInt32

    static let flawed: UInt32 = 1 << 31

    @inline(__always) init(_ end: UnsafePointer<UInt8>, _ info: UInt32) {
        self.end = end
        self.info = info
    }

    @inline(__always) init(_ end: UnsafePointer<UInt8>, flaw: JSONFlaw) {
        self.end = end
        info = Self.flawed | UInt32(flaw.rawValue)
    }

    @inline(__always) var isFlawed: Bool { info & Self.flawed != 0 }
    var flaw: JSONFlaw { JSONFlaw(rawValue: UInt8(truncatingIfNeeded: info)) ?? .unexpected }

    /// True, false or null.
    @inline(__always) static func word(_ start: UnsafePointer<UInt8>) -> JSONToken {
        switch UInt32(littleEndian: UnsafeRawPointer(start).loadUnaligned(as: UInt32.self)) {
        case 0x6575_7274: JSONToken(start + 4, Node.yes)  // "true"
        case 0x6C6C_756E: JSONToken(start + 4, Node.null)  // "null"
        case 0x736C_6166 where start[4] == UInt8(ascii: "e"): JSONToken(start + 5, Node.no)  // "fals", "e"
        default: JSONToken(start, flaw: .unexpected)
        }
    }
}
