// SPDX-License-Identifier: Apache-2.0
import NIOPosix
import Testing
import XMPPTransport

@testable import XMPPComponent

/// A link, the server it talks to and all that can be seen of it.
struct LinkScene: Sendable {
    let server: FakeServer
    let recorder: Recorder
    let log = LogBook()
    let link: ComponentLink
    let running: Task<Void, any Error>

    init(
        server: FakeServer, recorder: Recorder = Recorder(), _ change: (inout ComponentConfiguration) -> Void = { _ in }
    ) {
        var configuration = ComponentConfiguration(
            domain: "devices.example", secret: "s3cr3t-of-the-link", port: server.port)
        configuration.backoff = Backoff(shortest: .milliseconds(10), longest: .milliseconds(50))
        change(&configuration)
        self.server = server
        self.recorder = recorder
        let link = ComponentLink(
            configuration: configuration, delegate: recorder, logger: log.logger,
            group: MultiThreadedEventLoopGroup.singleton)
        self.link = link
        running = Task { try await link.run() }
    }

    func ready(_ times: Int = 1) async throws {
        try await eventually("ready for the \(times). time") { recorder.ready >= times }
    }

    func end() async throws {
        running.cancel()
        try await running.value
        await server.stop()
    }
}
