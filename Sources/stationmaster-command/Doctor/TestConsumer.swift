// SPDX-License-Identifier: Apache-2.0
import NIOPosix
import StationAgent
import Synchronization
import XMLStream
import XMPPClient
import XMPPCore

/// The doctor's consumer. It logs in beside whoever uses the account for its daily work, under a resource of its own and with a
/// negative priority, so that nothing meant for them comes to it; and it subscribes that full address to the test station's node
/// alone, so that no subscription of theirs is named, changed or ended.
final class TestConsumer: Sendable {
    private let client: ClientConfiguration
    private let component: JID
    private let node: String
    private let connection = Mutex<XMPPClientConnection?>(nil)
    private let received = Mutex(0)
    /// The address that is subscribed, or may be: after another login the server may have given us another one.
    private let subscriber = Mutex<JID?>(nil)

    init(_ client: ClientConfiguration, component: JID, serial: String) {
        var client = client
        client.resource = serial
        self.client = client
        self.component = component
        node = "stations/" + serial
    }

    func login() async throws {
        let connection = try await XMPPClientConnection.connect(
            client, group: MultiThreadedEventLoopGroup.singleton, logger: StationProgram.logger(level: "critical"))
        self.connection.withLock { $0 = connection }
        try await connection.sendPresence([Element(XMLName("priority", Namespaces.client), text: "-1")])
    }

    func subscribe() async throws {
        let form = DataForm(
            .submit, formType: Namespaces.pubsubSubscribeOptions,
            fields: [
                DataForm.Field("pubsub#deliver", values: ["1"]), DataForm.Field("stationmaster#mode", values: ["live"]),
            ])
        guard let jid = connection.withLock({ $0 })?.jid else { throw Doctor.Trouble("the consumer is not logged in") }
        subscriber.withLock { $0 = jid }
        try await ask([
            element("subscribe", jid), Element(XMLName("options", Namespaces.pubsub), elements: [form.element]),
        ])
    }

    /// Counts what comes from the test station, until the connection ends or the task is cancelled.
    func listen() async {
        guard let connection = connection.withLock({ $0 }) else { return }
        for await stanza in connection.incoming {
            if stanza.request != nil {
                if let refusal = stanza.error(StanzaError(.serviceUnavailable)) { try? await connection.send(refusal) }
                continue
            }
            let items = stanza.element.firstChild(XMLName("event", Namespaces.pubsubEvent))?
                .firstChild(XMLName("items", Namespaces.pubsubEvent))
            guard stanza.kind == .message, stanza.from == component, items?.attribute("node") == node else { continue }
            received.withLock { $0 += 1 }
        }
    }

    /// The first delivery.
    func first() async throws -> String {
        for _ in 0..<150 {
            if received.withLock({ $0 }) > 0 { return "received" }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw Doctor.Trouble("nothing was delivered within 15 s")
    }

    /// Ends the subscription, over a new connection if the old one is lost, and logs out.
    func leave() async throws {
        if let jid = subscriber.withLock({ $0 }) {
            do { try await unsubscribe(jid) } catch let error as ClientError where error.stanzaError == nil {
                try await login()
                try await unsubscribe(jid)
            }
        }
        await connection.withLock { $0 }?.close()
    }

    private func unsubscribe(_ jid: JID) async throws {
        do { try await ask([element("unsubscribe", jid)]) } catch let error as ClientError {
            // It is gone already, or was never made: that is what is wanted.
            guard let condition = error.stanzaError?.condition, [.unexpectedRequest, .itemNotFound].contains(condition) else {
                throw error
            }
        }
    }

    private func element(_ name: String, _ jid: JID) -> Element {
        Element(XMLName(name, Namespaces.pubsub), ["node": node, "jid": jid.description])
    }

    private func ask(_ children: [Element]) async throws {
        guard let connection = connection.withLock({ $0 }) else { throw Doctor.Trouble("the consumer is not logged in") }
        _ = try await connection.request(
            .set, to: component, Element(XMLName("pubsub", Namespaces.pubsub), elements: children), timeout: .seconds(10))
    }
}
