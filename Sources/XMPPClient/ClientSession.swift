// SPDX-License-Identifier: Apache-2.0
import Logging
import NIOCore
import XMPPCore
import XMPPTransport

/// Keeps a client logged in: connects, hands each live connection to its user, and connects again with growing
/// waits when the connection is lost.
public struct ClientSession: Sendable {
    private let configuration: @Sendable () async throws -> ClientConfiguration
    private let group: any EventLoopGroup
    private let logger: Logger
    private let backoff: Backoff
    private let tls: TLSContexts
    private let random: @Sendable () -> UInt64

    /// A connection that lasted this long was a success: the next wait is short again.
    private static let stableAfter = Duration.seconds(10)

    /// - Parameters:
    ///   - configuration: asked before each attempt, since credentials may have changed.
    ///   - random: 64 random bits a call from a secure source.
    public init(
        configuration: @escaping @Sendable () async throws -> ClientConfiguration, group: any EventLoopGroup,
        logger: Logger, backoff: Backoff = Backoff(), tls: TLSContexts = .shared,
        random: @escaping @Sendable () -> UInt64 = { .random(in: .min ... .max) }
    ) {
        self.configuration = configuration
        self.group = group
        self.logger = logger
        self.backoff = backoff
        self.tls = tls
        self.random = random
    }

    /// The same with a configuration that stays.
    public init(
        _ configuration: ClientConfiguration, group: any EventLoopGroup, logger: Logger, backoff: Backoff = Backoff(),
        tls: TLSContexts = .shared, random: @escaping @Sendable () -> UInt64 = { .random(in: .min ... .max) }
    ) {
        self.init(
            configuration: { configuration }, group: group, logger: logger, backoff: backoff, tls: tls, random: random)
    }

    /// Runs until the task is cancelled; then closes the connection and returns.
    ///
    /// - Parameter body: called with each live connection; cancelled when the connection is lost. Whether it returns
    ///   or throws, the connection is closed and another one is made.
    public func run(_ body: @escaping @Sendable (XMPPClientConnection) async throws -> Void) async {
        var backoff = backoff
        var isXMLOnly = false
        while !Task.isCancelled {
            let start = ContinuousClock.now
            var reason = "the session's work is done"
            do {
                var configuration = try await configuration()
                if isXMLOnly { configuration.framing = .xml }
                isXMLOnly = false  // unless it works
                let connection = try await XMPPClientConnection.connect(
                    configuration, group: group, logger: logger, tls: tls, random: random)
                isXMLOnly = connection.framing == .xml
                reason = await use(connection, body) ?? reason
                if start.duration(to: .now) >= Self.stableAfter { backoff.reset() }
            } catch {
                reason = LogText.safe("\(error)")
            }
            if Task.isCancelled { return }
            let wait = backoff.next(random: random())
            logger.warning("client connection down", metadata: ["reason": "\(reason)", "retry-in": "\(wait)"])
            try? await Task.sleep(for: wait)
        }
    }

    /// Returns why the connection was lost or the body failed; nil if the body returned by itself.
    private func use(
        _ connection: XMPPClientConnection, _ body: @escaping @Sendable (XMPPClientConnection) async throws -> Void
    ) async -> String? {
        let reason = await withTaskGroup(of: String?.self) { tasks in
            tasks.addTask {
                do {
                    try await body(connection)
                    return connection.end?.sentence
                } catch {
                    return connection.end?.sentence ?? LogText.safe("\(error)")
                }
            }
            tasks.addTask {
                // Ends with the connection, or when the body is done and this task is cancelled.
                await withTaskCancellationHandler {
                    await connection.waitUntilClosed().sentence
                } onCancel: {
                    connection.closeSoon()
                }
            }
            let first = await tasks.next() ?? nil
            tasks.cancelAll()
            return first
        }
        await connection.close()
        return reason
    }
}
