// SPDX-License-Identifier: Apache-2.0
import LiveServers
import NIOPosix
import XMPPTransport

@testable import XMPPComponent

/// A running link with what can be seen of it.
struct LiveScene {
    let recorder: Recorder
    let log = LogBook()
    let link: ComponentLink
    let running: Task<Void, any Error>

    init(
        _ server: LiveServer, _ recorder: Recorder = Recorder(),
        _ change: (inout ComponentConfiguration) -> Void = { _ in }
    ) {
        var configuration = ComponentConfiguration(
            domain: server.domains.component, secret: server.secret, host: server.host,
            port: server.ports.component)
        configuration.backoff = Backoff(shortest: .milliseconds(100), longest: .milliseconds(200))
        change(&configuration)
        self.recorder = recorder
        let link = ComponentLink(
            configuration: configuration, delegate: recorder, logger: log.logger,
            group: MultiThreadedEventLoopGroup.singleton)
        self.link = link
        running = Task { try await link.run() }
    }

    func ready() async throws { try await eventually("a ready link") { [recorder] in recorder.ready > 0 } }

    func end() async throws {
        await link.shutdown()
        try await running.value
    }
}
