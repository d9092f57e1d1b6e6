// SPDX-License-Identifier: Apache-2.0
import CStationOpenSSL

/// The two spellings of an ECDSA signature on P-256: raw r‖s of JOSE (RFC 7518 §3.4), and the DER sequence of OpenSSL.
enum P256Signature {
    static func der(fromRaw raw: [UInt8]) -> [UInt8]? {
        guard raw.count == 64, let signature = ECDSA_SIG_new() else { return nil }
        defer { ECDSA_SIG_free(signature) }
        let numbers = raw.withUnsafeBufferPointer { raw in
            (BN_bin2bn(raw.baseAddress, 32, nil), BN_bin2bn(raw.baseAddress?.advanced(by: 32), 32, nil))
        }
        // On success the signature owns both numbers.
        guard let r = numbers.0, let s = numbers.1, ECDSA_SIG_set0(signature, r, s) == 1 else {
            BN_free(numbers.0)
            BN_free(numbers.1)
            return nil
        }
        return derBytes(signature, i2d_ECDSA_SIG)
    }

    static func raw(fromDER der: [UInt8]) -> [UInt8]? {
        guard let signature = parseDER(der, d2i_ECDSA_SIG, release: ECDSA_SIG_free) else { return nil }
        return signature.use { signature in
            var raw = [UInt8](repeating: 0, count: 64)
            let good = raw.withUnsafeMutableBufferPointer { raw in
                BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw.baseAddress, 32) == 32
                    && BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw.baseAddress?.advanced(by: 32), 32) == 32
            }
            return good ? raw : nil
        }
    }
}
