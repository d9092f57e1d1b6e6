// SPDX-License-Identifier: Apache-2.0
import StationDigest

/// The message that a unit signs to prove that it holds its key: a known format, so that nobody can have it sign something else.
///
/// Eight lines joined by line feeds: `stationmaster challenge 1`, purpose, component, station, serial, key identifier,
/// nonce, expiry. It is bound to both sides, to the key and to the purpose; single use is for the registry to see to.
///
/// The number of lines is fixed: a part with a line feed in it makes a message that nobody can read, never another one.
public struct Challenge: Hashable, Sendable {
    /// What a challenge can be for: UC007-1 and UC007-2.
    public static let purposes = ["engrave", "introduce"]
    private static let title = "stationmaster challenge 1"

    /// One of ``purposes``.
    public let purpose: String
    /// The component's JID.
    public let component: String
    /// The station's bare JID.
    public let station: String
    /// 1…64 characters out of A–Z, a–z, 0–9, full stop, underscore and hyphen.
    public let serial: String
    /// ``P256PublicKey/keyIdentifier`` of the key that is to sign.
    public let keyIdentifier: String
    /// 32 random octets.
    public let nonce: [UInt8]
    /// Seconds since 1970, ≥ 0.
    public let expires: Int64

    /// Takes the parts as they are; what breaks the rules of ``isValid`` is refused by whoever reads the message.
    public init(
        purpose: String, component: String, station: String, serial: String, keyIdentifier: String, nonce: [UInt8],
        expires: Int64
    ) {
        self.purpose = purpose
        self.component = component
        self.station = station
        self.serial = serial
        self.keyIdentifier = keyIdentifier
        self.nonce = nonce
        self.expires = expires
    }

    /// True if every part is as its description says, so that ``message`` can be read again.
    public var isValid: Bool {
        Self.purposes.contains(purpose) && Self.isAddress(component) && Self.isAddress(station) && Self.isSerial(serial)
            && Base64URL.decode(keyIdentifier)?.count == 32 && nonce.count == 32 && expires >= 0
    }

    /// Reads a message; nil unless it is exactly what ``message`` would print.
    public init?(message: [UInt8]) {
        guard message.count <= PKILimits.challengeBytes else { return nil }
        var lines: [String] = []
        for line in message.split(separator: 0x0A, maxSplits: 8, omittingEmptySubsequences: false) {
            guard let text = String(validating: line, as: UTF8.self) else { return nil }
            lines.append(text)
        }
        guard lines.count == 8, let nonce = Base64URL.decode(lines[6]), let expires = Int64(lines[7]) else { return nil }
        self.init(
            purpose: lines[1], component: lines[2], station: lines[3], serial: lines[4], keyIdentifier: lines[5],
            nonce: nonce, expires: expires)
        // Only one spelling is good: this also compares the title, and each digit of the expiry.
        guard isValid, self.message == message else { return nil }
    }

    /// The bytes to sign.
    public var message: [UInt8] {
        let lines = [
            Self.title, purpose, component, station, serial, keyIdentifier, Base64URL.encode(nonce), String(expires),
        ]
        return Array(lines.joined(separator: "\n").utf8)
    }

    private static func isAddress(_ text: String) -> Bool { isPlain(text) && text.utf8.count <= 3071 }

    private static func isSerial(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
            default: false
            }
        }
    }
}
