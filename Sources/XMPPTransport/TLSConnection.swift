// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOSSL

/// TLS put on one connection; to be used on its event loop only.
public final class TLSConnection {
    /// What an error of the pipeline has to do with TLS.
    public enum Fault: Hashable, Sendable {
        /// The handshake failed, the certificate does not fit, or a record is broken.
        case tls
        /// The peer closed the socket without closing TLS first, as servers do; the end of the connection follows.
        case uncleanEnd
        /// Nothing; it is of the socket.
        case other

        /// What this error is.
        public init(_ error: any Error) {
            if case NIOSSLError.uncleanShutdown = error {
                self = .uncleanEnd
            } else if error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError {
                self = .tls
            } else {
                self = .other
            }
        }
    }

    private let handler: NIOSSLClientHandler
    private let name: String
    private let checksName: Bool

    private init(_ handler: NIOSSLClientHandler, name: String, checksName: Bool) {
        self.handler = handler
        self.name = name
        self.checksName = checksName
    }

    /// Puts TLS on a connection, now: what is sent and read from here on goes through it.
    ///
    /// - Parameter name: the name or address that the server's certificate must hold.
    public static func start(
        _ context: TLSContext, name: String, on channel: ChannelHandlerContext
    ) throws(TLSError) -> TLSConnection {
        let isAddress = (try? SocketAddress(ipAddress: name, port: 0)) != nil
        do {
            // NIOSSL takes no address here; without a name it compares the certificate with the peer's address.
            let handler = try NIOSSLClientHandler(context: context.context, serverHostname: isAddress ? nil : name)
            try channel.pipeline.syncOperations.addHandler(handler, position: .first)
            return TLSConnection(handler, name: name, checksName: context.checksName && !isAddress)
        } catch {
            throw TLSError(sentence: "TLS cannot be started: \(LogText.safe("\(error)"))")
        }
    }

    /// Whether the certificate is for the server we mean. Ask when the handshake is done, before anything secret is
    /// sent: the peer's stream header is in time.
    public var isServerKnown: Bool {
        guard checksName else { return true }
        return handler.peerCertificate.map { ServerIdentity.holds($0, name: name) } ?? false
    }
}
