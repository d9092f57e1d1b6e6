// SPDX-License-Identifier: Apache-2.0

/// What is signed always begins with a context, so that a signature made for one thing is worth nothing for another.
enum SignedMessage {
    static func bytes(context: String, content: [UInt8]) throws(PKIError) -> [UInt8] {
        guard isContext(context) else {
            throw PKIError(.invalidValue, "a context has 1 to 64 characters out of a-z, 0-9 and hyphen")
        }
        return Array("stationmaster:1:\(context)\n".utf8) + content
    }

    /// No line break among them: where the context ends must be beyond doubt.
    private static func isContext(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
            default: false
            }
        }
    }
}

/// A signature that stands beside the text it signs, as `<signature/>` beside `<json/>`.
///
/// Signed is `stationmaster:1:`, the context, a line feed, and the exact text: never a canonical form of it.
public enum DetachedSignature {
    /// - Parameter context: 1…64 characters out of a–z, 0–9 and hyphen, such as `update-status`.
    /// - Returns: 64 octets, ES256.
    public static func sign(context: String, text: [UInt8], with key: P256PrivateKey) throws(PKIError) -> [UInt8] {
        try key.sign(try SignedMessage.bytes(context: context, content: text))
    }

    /// False for anything but a true signature of this text in this context by this key.
    public static func verify(context: String, text: [UInt8], signature: [UInt8], key: P256PublicKey) -> Bool {
        guard let message = try? SignedMessage.bytes(context: context, content: text) else { return false }
        return key.verify(signature: signature, message: message)
    }
}
