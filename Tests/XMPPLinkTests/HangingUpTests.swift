// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix
import Synchronization
import Testing
import XMPPCore
import XMPPTransport

@testable import XMPPClient
@testable import XMPPComponent

/// The end may come before, while or after the connection gets its handler; a few hundred attempts meet each case.
@Suite("A server that hangs up before the first byte", .serialized, .timeLimit(.minutes(1)))
struct HangingUpTests {
    /// Takes each connection and ends it at once, as a balancer does whose server is away.
    private final class Balancer: Sendable {
        private let count = Mutex(0)
        private let listener = Mutex<(any Channel)?>(nil)

        var attempts: Int { count.withLock { $0 } }

        /// Returns the port.
        func start() async throws -> Int {
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .childChannelInitializer { [self] channel in
                    count.withLock { $0 += 1 }
                    return channel.eventLoop.makeFailedFuture(NotInTime(what: "a server behind it"))
                }
                .bind(host: "127.0.0.1", port: 0).get()
            listener.withLock { $0 = channel }
            return try #require(channel.localAddress?.port)
        }

        func stop() async throws { try await listener.withLock { $0 }?.close().get() }
    }

    @Test("A component link tries again and again, and can be ended")
    func component() async throws {
        let balancer = Balancer()
        var configuration = ComponentConfiguration(
            domain: "devices.example", secret: "s3cr3t-of-the-link", port: try await balancer.start())
        configuration.backoff = Backoff(shortest: .milliseconds(1), longest: .milliseconds(1))
        let link = ComponentLink(
            configuration: configuration, delegate: Recorder(), logger: LogBook().logger,
            group: MultiThreadedEventLoopGroup.singleton)
        let running = Task { try await link.run() }
        for hundred in 1...20 {
            try await eventually("attempt \(hundred)00") { balancer.attempts >= 100 * hundred }
        }
        await link.shutdown()
        try await running.value
        try await balancer.stop()
    }

    @Test("A client is told at once")
    func client() async throws {
        let balancer = Balancer()
        let configuration = ClientConfiguration(
            jid: try JID("a@localhost"), host: "127.0.0.1", port: try await balancer.start(), credentials: .password("p"))
        for _ in 0..<1000 {
            let began = ContinuousClock.now
            let error = await #expect(throws: ClientError.self) {
                _ = try await XMPPClientConnection.connect(
                    configuration, group: MultiThreadedEventLoopGroup.singleton, logger: LogBook().logger)
            }
            #expect(error?.code != .timeout)
            let took = began.duration(to: .now)
            try #require(took < .seconds(5))
        }
        try await balancer.stop()
    }
}
