// SPDX-License-Identifier: Apache-2.0
import CStationOpenSSL

/// A hash function as a value: copying the state copies the hash so far, which HMAC and PBKDF2 live on.
///
/// OpenSSL's plain SHA states are used rather than EVP because they cannot fail and allocate nothing:
/// a digest that may fail would need an answer to "what now" in every caller.
protocol HashState {
    /// Octets of the result.
    static var digestLength: Int { get }
    init()
    mutating func update(_ bytes: UnsafeRawBufferPointer)
    /// Writes `digestLength` octets. The state is spent afterwards.
    mutating func finalize(into digest: UnsafeMutablePointer<UInt8>)
}

extension HashState {
    /// Octets of one block of SHA-1 and SHA-256, which HMAC pads its key to (FIPS 180-4 §1).
    static var blockLength: Int { 64 }

    mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    consuming func digest() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.digestLength) { buffer, count in
            if let start = buffer.baseAddress { finalize(into: start) }
            count = Self.digestLength
        }
    }
}

/// SHA-1 (FIPS 180-4 §6.1); only where a protocol asks for it: XEP-0114 handshake, SCRAM-SHA-1.
struct SHA1State: HashState {
    static let digestLength = 20
    private var state = SHA_CTX()

    init() { SHA1_Init(&state) }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        SHA1_Update(&state, start, bytes.count)
    }

    mutating func finalize(into digest: UnsafeMutablePointer<UInt8>) { SHA1_Final(digest, &state) }
}

/// SHA-256 (FIPS 180-4 §6.2).
struct SHA256State: HashState {
    static let digestLength = 32
    private var state = SHA256_CTX()

    init() { SHA256_Init(&state) }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        SHA256_Update(&state, start, bytes.count)
    }

    mutating func finalize(into digest: UnsafeMutablePointer<UInt8>) { SHA256_Final(digest, &state) }
}

/// SHA-256 of what comes in pieces, such as a downloaded file.
///
/// A value: a copy goes on by itself from where it was made.
public struct SHA256Hasher: Sendable {
    private var state = SHA256State()

    public init() {}

    /// Adds bytes; an empty piece changes nothing.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) { state.update(bytes) }

    /// Adds bytes; an empty piece changes nothing.
    public mutating func update(_ bytes: [UInt8]) { state.update(bytes) }

    /// The 32 octets for what was added so far. The hasher can go on afterwards.
    public func finalize() -> [UInt8] { state.digest() }
}
