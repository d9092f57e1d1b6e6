// SPDX-License-Identifier: Apache-2.0

/// Hashes, and what is built of them, in one call. None of these can fail or trap.
public enum Digest {
    /// The largest key that ``pbkdf2SHA1(password:salt:iterations:length:)`` and its sibling derive, in octets.
    public static let maximumDerivedLength = 4096

    /// SHA-1 (FIPS 180-4), 20 octets. For protocols that prescribe it (XEP-0114, SCRAM-SHA-1), never for a choice of ours.
    public static func sha1(_ bytes: [UInt8]) -> [UInt8] { hash(SHA1State(), bytes) }

    /// SHA-256 (FIPS 180-4), 32 octets.
    public static func sha256(_ bytes: [UInt8]) -> [UInt8] { hash(SHA256State(), bytes) }

    /// SHA-256 of memory that need not be an array, 32 octets.
    public static func sha256(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var state = SHA256State()
        state.update(bytes)
        return state.digest()
    }

    /// HMAC-SHA-1 (RFC 2104), 20 octets. The key may have any length.
    public static func hmacSHA1(key: [UInt8], data: [UInt8]) -> [UInt8] {
        HMAC<SHA1State>(key: key).code(for: data)
    }

    /// HMAC-SHA-256 (RFC 2104), 32 octets. The key may have any length.
    public static func hmacSHA256(key: [UInt8], data: [UInt8]) -> [UInt8] {
        HMAC<SHA256State>(key: key).code(for: data)
    }

    /// PBKDF2 with HMAC-SHA-1 (RFC 8018 §5.2), as SCRAM-SHA-1 uses it.
    ///
    /// - Parameters:
    ///   - iterations: at least 1; less counts as 1. The caller bounds it, since a peer may name it (RFC 5802 §5.1).
    ///   - length: octets wanted, 0…``maximumDerivedLength``; values outside are moved to the nearer end.
    public static func pbkdf2SHA1(password: [UInt8], salt: [UInt8], iterations: Int, length: Int) -> [UInt8] {
        pbkdf2(HMAC<SHA1State>(key: password), salt: salt, iterations: iterations, length: length)
    }

    /// PBKDF2 with HMAC-SHA-256 (RFC 8018 §5.2), as SCRAM-SHA-256 uses it.
    ///
    /// The parameters are those of ``pbkdf2SHA1(password:salt:iterations:length:)``.
    public static func pbkdf2SHA256(password: [UInt8], salt: [UInt8], iterations: Int, length: Int) -> [UInt8] {
        pbkdf2(HMAC<SHA256State>(key: password), salt: salt, iterations: iterations, length: length)
    }

    private static func hash(_ state: some HashState, _ bytes: [UInt8]) -> [UInt8] {
        var state = state
        state.update(bytes)
        return state.digest()
    }

    private static func pbkdf2<Hash>(_ mac: HMAC<Hash>, salt: [UInt8], iterations: Int, length: Int) -> [UInt8] {
        let wanted = min(max(length, 0), maximumDerivedLength)
        var derived: [UInt8] = []
        derived.reserveCapacity(wanted &+ Hash.digestLength)
        var block: UInt32 = 1
        while derived.count < wanted {
            let number = [UInt8(truncatingIfNeeded: block >> 24), UInt8(truncatingIfNeeded: block >> 16),
                          UInt8(truncatingIfNeeded: block >> 8), UInt8(truncatingIfNeeded: block)]
            derived += mac.iterated(over: salt + number, times: max(iterations, 1))
            block &+= 1
        }
        return Array(derived.prefix(wanted))
    }
}

/// HMAC (RFC 2104) with the key already absorbed, so that each code costs two blocks less.
struct HMAC<Hash: HashState> {
    private var inner = Hash()
    private var outer = Hash()

    init(key: [UInt8]) {
        var block = key
        if block.count > Hash.blockLength {
            var state = Hash()
            state.update(block)
            block = state.digest()
        }
        block += [UInt8](repeating: 0, count: max(0, Hash.blockLength &- block.count))
        inner.update(block.map { $0 ^ 0x36 })
        outer.update(block.map { $0 ^ 0x5c })
    }

    func code(for data: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: Hash.digestLength)
        data.withUnsafeBytes { data in code.withUnsafeMutableBufferPointer { authenticate(data, into: $0) } }
        return code
    }

    /// U1 xor U2 xor … of RFC 8018 §5.2.
    func iterated(over data: [UInt8], times: Int) -> [UInt8] {
        var round = code(for: data)
        var result = round
        result.withUnsafeMutableBufferPointer { result in
            round.withUnsafeMutableBufferPointer { round in
                for _ in 1..<max(times, 1) {
                    authenticate(UnsafeRawBufferPointer(round), into: round)
                    for index in result.indices { result[index] ^= round[index] }
                }
            }
        }
        return result
    }

    /// `code` holds `digestLength` octets; it may be the same memory as `data`.
    private func authenticate(_ data: UnsafeRawBufferPointer, into code: UnsafeMutableBufferPointer<UInt8>) {
        guard let start = code.baseAddress else { return }
        var first = inner
        first.update(data)
        first.finalize(into: start)
        var second = outer
        second.update(UnsafeRawBufferPointer(code))
        second.finalize(into: start)
    }
}
