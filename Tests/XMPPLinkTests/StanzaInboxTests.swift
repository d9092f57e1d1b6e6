// SPDX-License-Identifier: Apache-2.0
import Synchronization
import Testing
import XMLStream
import XMPPCore
import XMPPTransport

@testable import XMPPClient

@Suite("The stanzas that wait for their taker", .timeLimit(.minutes(1)))
struct StanzaInboxTests {
    private final class Refused: Sendable {
        let identifiers = Mutex<[String]>([])
    }
    private let refused = Refused()

    private func inbox(limit: Int = 10) -> StanzaInbox {
        StanzaInbox(limit: limit) { [refused] stanza in refused.identifiers.withLock { $0.append(stanza.id ?? "") } }
    }

    private func stanza(_ kind: String, _ id: String) throws -> Stanza {
        let header = StreamOpening.tag(content: Namespaces.client, to: "example.org")
        let type = kind == "iq" ? " type='get'" : ""
        for case .stanzas(let batch) in try XMLStreamParser().feed(Array("\(header)<\(kind) id='\(id)'\(type)/>".utf8))
        {
            return try Stanza(batch[0])
        }
        throw NotInTime(what: "a stanza")
    }

    @Test("What comes before the taker waits; the order stays; the end comes last")
    func order() async throws {
        let inbox = inbox(limit: 1000)
        for number in 0..<600 { #expect(inbox.put(try stanza("message", "\(number)")) == .taken) }
        inbox.finish()
        var seen: [String?] = []
        for await stanza in inbox.stream() { seen.append(stanza.id) }
        #expect(seen == (0..<600).map { "\($0)" })
    }

    @Test("A taker that waits is served at once")
    func waiting() async throws {
        let inbox = inbox(limit: 1)
        let stream = inbox.stream()
        let taker = Task {
            var seen: [String?] = []
            for await stanza in stream { seen.append(stanza.id) }
            return seen
        }
        for number in 0..<5 {
            try await eventually("room") { (try? inbox.put(stanza("message", "\(number)"))) == .taken }
        }
        inbox.finish()
        #expect(await taker.value == ["0", "1", "2", "3", "4"])
    }

    @Test("The limit holds, and one past it is told")
    func limit() throws {
        let inbox = inbox(limit: 2)
        #expect(inbox.put(try stanza("message", "1")) == .taken)
        #expect(inbox.put(try stanza("iq", "2")) == .taken)
        #expect(inbox.put(try stanza("message", "3")) == .full)
        #expect(inbox.put(try stanza("iq", "4")) == .full)
    }

    @Test("The limit in bytes holds to the byte, and what is taken or refused makes room")
    func bytes() async throws {
        let inbox = StanzaInbox(limit: 100, bytes: 10) { _ in }
        #expect(inbox.put(try stanza("message", "1"), bytes: 4) == .taken)
        #expect(inbox.put(try stanza("iq", "2"), bytes: 6) == .taken)
        #expect(inbox.put(try stanza("message", "3"), bytes: 1) == .full)
        for await stanza in inbox.stream() {
            #expect(stanza.id == "1")
            #expect(inbox.put(try self.stanza("message", "x"), bytes: 5) == .full)
            #expect(inbox.put(try self.stanza("iq", "y"), bytes: 4) == .taken)
            break
        }
        // The requests were refused when the taker left.
        #expect(inbox.put(try stanza("message", "4"), bytes: 11) == .full)
        #expect(inbox.put(try stanza("message", "5"), bytes: 10) == .taken)
        #expect(inbox.put(try stanza("message", "6"), bytes: 1) == .full)
    }

    @Test("When the loop is left, requests that wait or come are refused; another taker finds the rest")
    func left() async throws {
        let inbox = inbox()
        for (kind, id) in [("message", "1"), ("iq", "2"), ("message", "3")] { _ = inbox.put(try stanza(kind, id)) }
        for await stanza in inbox.stream() {
            #expect(stanza.id == "1")
            break
        }
        #expect(refused.identifiers.withLock { $0 } == ["2"])
        #expect(inbox.put(try stanza("iq", "4")) == .nobodyThere)
        #expect(inbox.put(try stanza("message", "5")) == .taken)
        let second = inbox.stream()
        #expect(inbox.put(try stanza("iq", "6")) == .taken)
        inbox.finish()
        var seen: [String?] = []
        for await stanza in second { seen.append(stanza.id) }
        #expect(seen == ["3", "5", "6"])
    }

    @Test("A cancelled taker ends and leaves")
    func cancelled() async throws {
        let inbox = inbox()
        let taker = Task { for await _ in inbox.stream() {} }
        try await Task.sleep(for: .milliseconds(20))
        taker.cancel()
        await taker.value
        try await eventually("nobody there") { (try? inbox.put(stanza("iq", "1"))) == .nobodyThere }
    }
}
