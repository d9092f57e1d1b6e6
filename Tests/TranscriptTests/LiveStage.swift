// SPDX-License-Identifier: Apache-2.0
import Foundation
import LiveServers
import StationJSON
import StationPKI
import XMLStream
import XMPPClient
import XMPPCore

/// A stage on a real server: the program runs as a process, and each of the cast has a connection of their own.
final class LiveStage: Stage {
    let keys: KeyChest
    let component: LiveComponent
    private let place: LiveServer
    private let cast: [Transcript.Member]
    private let gaps: [LiveGap]
    private var names: LiveNames
    private var present: [String: LiveMember] = [:]
    /// What only the component's stream shows.
    private var settled: [Element] = []
    private var isUp = true
    /// Whether something was sent that may not have arrived.
    private var isOnItsWay = false
    /// What the server answers itself, since the component was not there.
    private var answeredByServer: Set<String> = []

    init(_ play: Transcript, at place: LiveServer, isByteByByte: Bool = false) throws {
        self.place = place
        cast = play.cast
        gaps = LiveGap.told(of: play, on: place.server)
        names = try LiveNames(play.cast, accounts: Array(place.users.keys), domain: place.domains.consumers)
        component = LiveComponent(place, isByteByByte: isByteByByte)
        func authority(_ name: String) throws -> CertificateAuthority {
            let path = "\(place.authority)/\(name)-ca"
            return try CertificateAuthority(
                certificatePEM: String(contentsOfFile: path + ".pem", encoding: .utf8),
                keyPEM: String(contentsOfFile: path + ".key", encoding: .utf8))
        }
        keys = try KeyChest(maker: authority("maker"), owner: authority("owner")) { Date().timeIntervalSince1970 }
    }

    // MARK: - Coming and going

    func start() async throws {
        try await component.start()
        for member in cast where member.domain == place.domains.consumers { _ = try await connection(member) }
    }

    func end(failed: Bool) async throws {
        for member in present.values { await member.leave() }
        try await component.end(keepingLog: failed)
    }

    /// Stations log in when they first do something: only then do they have the certificate for it.
    private func connection(_ member: Transcript.Member) async throws -> LiveMember {
        if let there = present[member.address] { return there }
        let parts = member.address.split(separator: "/", maxSplits: 1).map(String.init)
        var configuration = ClientConfiguration(
            jid: try JID(names.real(member.bare)), host: place.host, port: place.ports.client, credentials: .anonymous,
            trustRoots: .file(place.caFile), resource: parts.count > 1 ? parts[1] : nil)
        if member.domain == place.domains.factory {
            configuration.jid = try JID(member.domain)
        } else if member.domain == place.domains.consumers {
            configuration.credentials = .password(place.users[names.real(member.bare)] ?? "")
        } else if !place.stationPassword.isEmpty {
            configuration.credentials = .password(place.stationPassword)
        } else {
            let serial = member.serial ?? String(member.address.prefix { $0 != "@" }).uppercased()
            let (chain, key) = try keys.login(serial, host: member.domain)
            configuration.credentials = .certificate(chainPEM: chain, keyPEM: key)
        }
        let connection = try await LiveMember(configuration, component: place.domains.component)
        if member.domain == place.domains.factory {
            names.add(member.bare, connection.connection.jid.bare.description)
            names.add(member.address, connection.connection.jid.description)
        } else {
            try await connection.arrive()
        }
        present[member.address] = connection
        return connection
    }

    // MARK: - Stanzas

    func send(_ stanza: Element, from member: Transcript.Member, isLost: Bool) async throws {
        let sender = try await connection(member)
        if let from = stanza["from"], from != member.bare, from != member.address {
            throw StageError("no server lets \(member.name) send as \(from)")
        }
        let id = stanza["id"]
        if !isUp, let id { answeredByServer.insert(id) }
        if isLost { component.proxy.swallow() }
        try await sender.send(names.real(stanza))
        isOnItsWay = true
        guard isLost, let id else { return }
        try await wait("an answer that is lost") { self.component.outgoing.has(answerTo: id) ? true : nil }
        // Deliveries follow the answer, and are to be lost on the way too: what finds no link is kept, and told later.
        try await sleep(LiveRules.quiet)
    }

    func receive(_ member: Transcript.Member, like expected: Element) async throws -> Element? {
        let receiver = try await connection(member)
        return try? await wait("a stanza") {
            self.look()
            let stanza: Element?
            if self.isSettled(expected) {
                let index = self.settled.firstIndex { $0["to"] == member.bare || $0["to"] == member.address }
                stanza = index.map { self.settled.remove(at: $0) }
            } else {
                stanza = receiver.take()
            }
            guard let stanza else { return nil }
            self.isOnItsWay = false
            for other in self.present.values where other !== receiver { other.remove { LiveRules.isSame(stanza, $0) } }
            return LiveRules.withoutAdditions(self.names.played(stanza), to: member, like: expected)
        }
    }

    /// Whether a stanza, in the names of the play, shows on the component's stream only.
    private func isSettled(_ stanza: Element) -> Bool {
        LiveRules.isSettledByServer(stanza) || gaps.contains { $0.covers(stanza) }
    }

    /// Takes settled over, and drops what the server has answered in the component's place.
    private func look() {
        settled += component.outgoing.take { isSettled(names.played($0)) }.map(names.played)
        for member in present.values {
            member.remove { $0["type"] == "error" && $0["id"].map(answeredByServer.contains) == true }
        }
    }

    func left(for member: Transcript.Member?) -> Element? {
        look()
        let members = member.map { [present[$0.address]].compactMap(\.self) } ?? Array(present.values)
        if let stanza = members.lazy.compactMap(\.first).first { return names.played(stanza) }
        return settled.first { member == nil || $0["to"] == member?.bare }
    }

    func clear() async throws {
        try await sleep(LiveRules.quiet)
        look()
        settled = []
        for member in present.values { member.remove { _ in true } }
    }

    @discardableResult
    private func wait<Value>(_ what: String, _ look: () async throws -> Value?) async throws -> Value {
        let end = ContinuousClock.now + .seconds(LiveRules.patience)
        while ContinuousClock.now < end {
            if let value = try await look() { return value }
            try await Task.sleep(for: .milliseconds(3))
        }
        throw StageError("\(what) did not come within \(LiveRules.patience) s")
    }

    private func sleep(_ seconds: Double) async throws { try await Task.sleep(for: .seconds(seconds)) }

    // MARK: - Events

    func leave(_ member: Transcript.Member) async throws {
        await present.removeValue(forKey: member.address)?.leave()
    }

    func pass(seconds: Double) async throws {
        if seconds > LiveRules.longestWait { print("live: \(LiveRules.longestWait) s stand for \(seconds) s") }
        try await sleep(min(seconds, LiveRules.longestWait))
    }

    func hangUp() async throws {
        component.proxy.refuse()
        isUp = false
        try await clear()
    }

    func connect() async throws {
        look()
        component.proxy.open()
        try await component.ready()
        isUp = true
    }

    func restart() async throws {
        try await component.kill()
        component.proxy.open()
        try await component.restart()
    }

    func command(_ name: String, _ arguments: JSON) async throws -> JSON {
        if isOnItsWay { try await sleep(LiveRules.quiet) }
        let answer = try component.command(name, JSONDocument(names.real(arguments.text)).root.json)
        return try JSONDocument(names.played(answer.text)).root.json
    }
}
