// SPDX-License-Identifier: Apache-2.0
import NIOSSL
import StationDigest
import Synchronization

/// What a TLS connection is made with: who may vouch for the server, who we are, what is spoken inside.
public struct TLSPlan: Hashable, Sendable {
    /// Who vouches for the server.
    public var trustRoots: TrustRoots
    /// Our certificate chain, leaf first, as PEM text; nil without one.
    public var chainPEM: String?
    /// The private key of our certificate, as PEM text.
    public var keyPEM: String?
    /// The protocol by application-layer negotiation (RFC 7301), such as `xmpp-client`; nil for none.
    public var applicationProtocol: String?

    public init(
        trustRoots: TrustRoots, chainPEM: String? = nil, keyPEM: String? = nil, applicationProtocol: String? = nil
    ) {
        self.trustRoots = trustRoots
        self.chainPEM = chainPEM
        self.keyPEM = keyPEM
        self.applicationProtocol = applicationProtocol
    }
}

/// Why TLS cannot be used as configured, or was not started. Never holds a key.
public struct TLSError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What happened, for people.
    public let sentence: String
    public var description: String { sentence }
}

/// A prepared TLS context; see ``TLSContexts``.
public struct TLSContext: Sendable {
    let context: NIOSSLContext
    /// Whether the name in the server's certificate is checked.
    let checksName: Bool
}

/// The TLS contexts in use: one for each distinct certificate and set of trust roots, shared by all connections with it.
/// Making one reads and parses certificates, so a thousand connections must not make a thousand of them.
public final class TLSContexts: Sendable {
    /// For callers that keep none of their own.
    public static let shared = TLSContexts()

    private struct Key: Hashable {
        let roots: [NIOSSLCertificate]
        let trust: TrustRoots
        let applicationProtocol: String?
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

    /// The context for a plan. Trust roots are read from their file anew, so that a changed file counts.
    ///
    /// - Throws: if the file, the certificate or the key cannot be read.
    public func context(for plan: TLSPlan) throws(TLSError) -> TLSContext {
        let roots = try Self.roots(plan.trustRoots)
        var identity: [UInt8] = []
        if let chain = plan.chainPEM, let key = plan.keyPEM {
            identity = Digest.sha256(Array("\(chain.utf8.count)\n\(chain)\(key)".utf8))
        }
        let key = Key(
            roots: roots, trust: plan.trustRoots, applicationProtocol: plan.applicationProtocol, identity: identity)
        let context: NIOSSLContext
        if let known = find(key) {
            context = known
        } else {
            context = try Self.make(plan, roots: roots)
            keep(context, for: key)
        }
        return TLSContext(context: context, checksName: plan.trustRoots != .insecureLoopback)
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

    private static func roots(_ trust: TrustRoots) throws(TLSError) -> [NIOSSLCertificate] {
        guard case .file(let path) = trust else { return [] }
        let certificates: [NIOSSLCertificate]
        do { certificates = try NIOSSLCertificate.fromPEMFile(path) } catch {
            throw TLSError(sentence: "cannot read certificates from \(path): \(LogText.safe("\(error)"))")
        }
        guard !certificates.isEmpty else { throw TLSError(sentence: "\(path) holds no certificate") }
        return certificates
    }

    private static func make(_ plan: TLSPlan, roots: [NIOSSLCertificate]) throws(TLSError) -> NIOSSLContext {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        switch plan.trustRoots {
        case .system: break
        case .file: tls.trustRoots = .certificates(roots)
        case .insecureLoopback: tls.certificateVerification = .none
        }
        if let name = plan.applicationProtocol { tls.applicationProtocols = [name] }
        do {
            if let chain = plan.chainPEM, let key = plan.keyPEM {
                tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(chain.utf8)).map { .certificate($0) }
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem))
            }
            return try NIOSSLContext(configuration: tls)
        } catch {
            throw TLSError(sentence: "our certificate or key for TLS is not usable: \(LogText.safe("\(error)"))")
        }
    }
}
