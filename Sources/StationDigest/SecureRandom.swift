// SPDX-License-Identifier: Apache-2.0
import CStationOpenSSL

/// What can go wrong in this module.
public enum DigestError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The operating system gave no random bytes, or more were asked for than ``maximumRandomBytes``.
    case noRandomBytes

    public var description: String { "no secure random bytes are to be had" }
}

/// The most that ``secureRandomBytes(_:)`` gives at once, in octets.
public let maximumRandomBytes = 1 << 20

/// Random bytes from OpenSSL's generator, which the operating system seeds. Good for keys and nonces.
///
/// - Parameter count: 0…``maximumRandomBytes``.
/// - Throws: ``DigestError/noRandomBytes``; there is no weaker source to fall back to.
public func secureRandomBytes(_ count: Int) throws(DigestError) -> [UInt8] {
    guard count >= 0, count <= maximumRandomBytes, let length = Int32(exactly: count) else { throw .noRandomBytes }
    guard count > 0 else { return [] }
    var bytes = [UInt8](repeating: 0, count: count)
    guard RAND_bytes(&bytes, length) == 1 else {
        ERR_clear_error()
        throw .noRandomBytes
    }
    return bytes
}

/// Compares secrets in a time that depends on their lengths only, so that no prefix can be guessed octet by octet.
public func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return left.isEmpty || CRYPTO_memcmp(left, right, left.count) == 0
}
