// SPDX-License-Identifier: Apache-2.0
import NIOSSL
import StationDigest
import Synchronization
import XMPPTransport

/// The TLS contexts in use: one for each distinct certificate and set of trust roots, shared by all connections with it.
/// Making one reads and parses certificates, so a thousand connections must not make a thousand of them.
public final class TLSContexts: Sendable {
    /// For callers that keep none of their own.
    public static let shared = TLSContexts()

    private struct Key: Hashable {
        let roots: [NIOSSLCertificate]
        let trust: ClientConfiguration.TrustRoots
        let isDirect: Bool
        /// SHA-256 of chain and key; empty without a certificate.
        let identity: [UInt8]
    }

    private struct Entry {
        let context: NIOSSLContext
        var used: UInt64
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var uses: UInt64 = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: the most contexts that are kept; beyond it the one not used for longest goes.
    public init(limit: Int = 1024) { self.limit = max(1, limit) }

    /// How many contexts are kept.
    public var count: Int { state.withLock { $0.entries.count } }

    /// The context for a configuration. Trust roots are read from their file anew, so that a changed file counts.
    func context(for configuration: ClientConfiguration) throws(ClientError) -> NIOSSLContext {
        let roots = try Self.roots(configuration.trustRoots)
        var identity: [UInt8] = []
        if case .certificate(let chain, let key) = configuration.credentials {
            identity = Digest.sha256(Array("\(chain.utf8.count)\n\(chain)\(key)".utf8))
        }
        let key = Key(
            roots: roots, trust: configuration.trustRoots, isDirect: configuration.security == .directTLS,
            identity: identity)
        if let context = find(key) { return context }
        let context = try Self.make(configuration, roots: roots)
        keep(context, for: key)
        return context
    }

    private func find(_ key: Key) -> NIOSSLContext? {
        state.withLock { state in
            state.uses &+= 1
            state.entries[key]?.used = state.uses
            return state.entries[key]?.context
        }
    }

    private func keep(_ context: NIOSSLContext, for key: Key) {
        state.withLock { state in
            if state.entries.count >= limit, let oldest = state.entries.min(by: { $0.value.used < $1.value.used }) {
                state.entries[oldest.key] = nil
            }
            state.entries[key] = Entry(context: context, used: state.uses)
        }
    }

    private static func roots(_ trust: ClientConfiguration.TrustRoots) throws(ClientError) -> [NIOSSLCertificate] {
        guard case .file(let path) = trust else { return [] }
        do {
            let certificates = try NIOSSLCertificate.fromPEMFile(path)
            guard !certificates.isEmpty else { throw ClientError(.configuration, "\(path) holds no certificate") }
            return certificates
        } catch let error as ClientError {
            throw error
        } catch {
            throw ClientError(.configuration, "cannot read certificates from \(path): \(LogText.safe("\(error)"))")
        }
    }

    private static func make(
        _ configuration: ClientConfiguration, roots: [NIOSSLCertificate]
    ) throws(ClientError) -> NIOSSLContext {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        switch configuration.trustRoots {
        case .system: break
        case .file: tls.trustRoots = .certificates(roots)
        case .insecureLoopback: tls.certificateVerification = .none
        }
        if configuration.security == .directTLS { tls.applicationProtocols = ["xmpp-client"] }
        do {
            if case .certificate(let chain, let key) = configuration.credentials {
                tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(chain.utf8)).map { .certificate($0) }
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem))
            }
            return try NIOSSLContext(configuration: tls)
        } catch {
            throw ClientError(
                .configuration, "our certificate or key for TLS is not usable: \(LogText.safe("\(error)"))")
        }
    }
}
