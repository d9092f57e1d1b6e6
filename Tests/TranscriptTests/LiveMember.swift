// SPDX-License-Identifier: Apache-2.0
import Logging
import NIOPosix
import Synchronization
import XMLStream
import XMPPClient
import XMPPCore

/// Somebody of the cast who is logged in to a real server.
final class LiveMember: Sendable {
    private static let roster = XMLName("query", "jabber:iq:roster")

    let connection: XMPPClientConnection
    private let component: String
    private let queue: Queue

    /// What has come for a member and nobody has taken, in order.
    final class Queue: Sendable {
        let stanzas = Mutex<[Element]>([])
    }

    init(_ configuration: ClientConfiguration, component: String) async throws {
        let queue = Queue()
        var configuration = configuration
        configuration.observer = { stanza in
            guard LiveRules.isOfThePlay(stanza, component: component) else { return }
            queue.stanzas.withLock { $0.append(stanza) }
        }
        self.queue = queue
        self.component = component
        connection = try await Self.connect(configuration)
    }

    private static func connect(_ configuration: ClientConfiguration, isLast: Bool = false) async throws -> XMPPClientConnection {
        do {
            return try await XMPPClientConnection.connect(
                configuration, group: MultiThreadedEventLoopGroup.singleton,
                logger: Logger(label: "cast") { _ in SwiftLogNoOpLogHandler() })
        } catch {
            guard !isLast, LiveRules.isMeantForAnother(error) else { throw error }
            return try await connect(configuration, isLast: true)
        }
    }

    /// Asks for the roster, or subscriptions would not be shown, and is available.
    func arrive() async throws {
        _ = try? await connection.request(.get, to: connection.jid.bare, Element(Self.roster), timeout: .seconds(5))
        try await connection.sendPresence()
    }

    /// Takes back all subscriptions with the component, so that the next play begins without, and goes.
    func leave() async {
        let roster = try? await connection.request(.get, to: connection.jid.bare, Element(Self.roster), timeout: .seconds(5))
        for item in roster?.payload?.element.elements ?? [] {
            guard let jid = item["jid"], jid == component || jid.hasSuffix("@" + component) else { continue }
            let removal = Element(
                Self.roster, elements: [Element(XMLName("item", "jabber:iq:roster"), ["jid": jid, "subscription": "remove"])])
            _ = try? await connection.request(.set, to: connection.jid.bare, removal, timeout: .seconds(5))
        }
        await connection.close()
    }

    func send(_ stanza: Element) async throws {
        guard let kind = StanzaKind(rawValue: stanza.name.local) else { throw StageError("<\(stanza.name.local)/> is no stanza") }
        try await connection.send(
            OutgoingStanza(
                kind, type: stanza["type"], id: stanza["id"], to: try stanza["to"].map { try JID($0) }, payload: stanza.elements))
    }

    var first: Element? { queue.stanzas.withLock { $0.first } }

    func take() -> Element? { queue.stanzas.withLock { $0.isEmpty ? nil : $0.removeFirst() } }

    func remove(where isUnwanted: (Element) -> Bool) { queue.stanzas.withLock { $0.removeAll(where: isUnwanted) } }
}
