// SPDX-License-Identifier: Apache-2.0
import CStationOpenSSL
import StationDigest

/// A point on the curve P-256 (NIST, prime256v1), the only kind of key that stations have.
///
/// Kept and stored as the raw point: reading a whole key structure costs more than checking a signature with it.
/// A value is always a point on the curve.
public struct P256PublicKey: Hashable, Sendable, CustomStringConvertible {
    /// The uncompressed point: 0x04, x, y; 65 octets (SEC 1 §2.3.3).
    public let point: [UInt8]
    let handle: Owned

    /// - Parameter point: 65 octets as in ``point``.
    /// - Throws: ``PKIError/Code/unsupportedKey`` if it has another form or does not lie on the curve.
    public init(point: [UInt8]) throws(PKIError) {
        guard point.count == 65, point.first == 0x04 else {
            throw PKIError(.unsupportedKey, "a public key is 65 octets that begin with 4")
        }
        guard let handle = Self.makeHandle(point) else {
            throw PKIError.openSSL(.unsupportedKey, "the public key is not a point on the curve P-256")
        }
        self.point = point
        self.handle = handle
    }

    /// Takes the point out of a key of OpenSSL; nil unless it is on the *named* curve P-256.
    init?(_ key: OpaquePointer?) {
        guard let key, isP256(key), let x = coordinate("qx", key), let y = coordinate("qy", key) else {
            ERR_clear_error()
            return nil
        }
        try? self.init(point: [0x04] + x + y)
    }

    /// SHA-256 of ``point``, as base64url: the name of the key in signatures.
    public var keyIdentifier: String { Base64URL.encode(Digest.sha256(point)) }

    public var description: String { "P-256 key " + keyIdentifier }

    /// Checks an ES256 signature (RFC 7518 §3.4): r and s, 32 octets each, over SHA-256 of the message.
    ///
    /// - Returns: false for anything that is not a true signature, whatever its length.
    public func verify(signature: [UInt8], message: [UInt8]) -> Bool {
        guard let der = P256Signature.der(fromRaw: signature) else { return false }
        let digest = Digest.sha256(message)
        return handle.use { key in
            guard let context = EVP_PKEY_CTX_new_from_pkey(nil, key, nil) else { return false }
            defer { EVP_PKEY_CTX_free(context) }
            let good = EVP_PKEY_verify_init(context) == 1
                && EVP_PKEY_verify(context, der, der.count, digest, digest.count) == 1
            if !good { ERR_clear_error() }
            return good
        }
    }

    public static func == (left: Self, right: Self) -> Bool { left.point == right.point }
    public func hash(into hasher: inout Hasher) { hasher.combine(point) }

    private static func makeHandle(_ point: [UInt8]) -> Owned? {
        guard let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        guard EVP_PKEY_fromdata_init(context) == 1 else { return nil }
        var point = point
        var key: OpaquePointer?
        let made = point.withUnsafeMutableBytes { point in
            var parameters = [
                station_p256_group(), station_p256_point(point.baseAddress, point.count), OSSL_PARAM_construct_end(),
            ]
            return EVP_PKEY_fromdata(context, &key, station_public_key, &parameters)
        }
        guard made == 1, let key else { return nil }
        return Owned(key, release: EVP_PKEY_free)
    }
}

/// True for a key on the curve P-256 that is given by its name, not by parameters of the sender's choice.
func isP256(_ key: OpaquePointer) -> Bool {
    var name = [CChar](repeating: 0, count: 64)
    var length = 0
    var explicit: Int32 = 0
    guard EVP_PKEY_is_a(key, "EC") == 1,
        EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1,
        name.prefix(length).elementsEqual("prime256v1".utf8.map { CChar(bitPattern: $0) })
    else { return false }
    // A key that we generated says nothing about how it was decoded.
    _ = EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &explicit)
    return explicit == 0
}

private func coordinate(_ name: String, _ key: OpaquePointer) -> [UInt8]? {
    var number: OpaquePointer?
    guard EVP_PKEY_get_bn_param(key, name, &number) == 1, let number else { return nil }
    defer { BN_free(number) }
    var octets = [UInt8](repeating: 0, count: 32)
    return BN_bn2binpad(number, &octets, 32) == 32 ? octets : nil
}
