// SPDX-License-Identifier: Apache-2.0
import Testing
import XMPPCore
import XMPPTransport

@Suite("Requests and their answers")
struct RequestTableTests {
    private let asked: JID
    private let now = ContinuousClock.now

    init() throws { asked = try JID("wx-1@stations.example/agent") }

    private func table(limit: Int = 10) -> RequestTable<String> { RequestTable(limit: limit) }

    @Test(
        "Only the one who was asked can answer, with the right id and type",
        arguments: [
            ("wx-1@stations.example/agent", "result", true), ("wx-1@stations.example/agent", "error", true),
            ("wx-1@stations.example/agent", "get", false), ("wx-1@stations.example/agent", "", false),
            ("wx-1@stations.example", "result", false), ("wx-1@stations.example/other", "result", false),
            ("evil@stations.example/agent", "result", false), ("stations.example", "result", false),
        ])
    func matching(from: String, type: String, isAnswer: Bool) throws {
        var table = table()
        let id = try present(table.add(to: asked, deadline: now, waiter: "me", random: { 7 }))
        #expect(id == "00000000000000070000000000000007")
        #expect(table.answer(id: "0" + id.dropFirst().dropLast() + "8", from: asked, type: "result") == nil)
        #expect(table.answer(id: nil, from: asked, type: "result") == nil)
        #expect(table.answer(id: id, from: try JID(from), type: type) == (isAnswer ? "me" : nil))
        #expect(table.unexpected == (isAnswer ? 2 : 3))
        #expect(table.count == (isAnswer ? 0 : 1))
    }

    @Test("An answer counts once")
    func twice() throws {
        var table = table()
        let id = try present(table.add(to: asked, deadline: now, waiter: "me", random: { 1 }))
        #expect(table.answer(id: id, from: asked, type: "result") == "me")
        #expect(table.answer(id: id, from: asked, type: "result") == nil)
        #expect(table.unexpected == 1)
    }

    @Test("No sender stands for one's own account, for a client only")
    func withoutSender() throws {
        let account = try JID("me@example.org")
        for to in ["me@example.org", "example.org"] {
            var table = table()
            let id = try present(table.add(to: try JID(to), deadline: now, waiter: "me", random: { 1 }))
            #expect(table.answer(id: id, from: nil, type: "result") == nil)
            #expect(table.answer(id: id, from: nil, type: "result", account: account) == "me")
        }
        var table = table()
        let id = try present(table.add(to: asked, deadline: now, waiter: "me", random: { 1 }))
        #expect(table.answer(id: id, from: nil, type: "result", account: account) == nil)
    }

    @Test("What is too late is taken out, and the table is bounded")
    func limits() throws {
        var bits: UInt64 = 0
        func random() -> UInt64 {
            bits += 1
            return bits
        }
        var table = table(limit: 2)
        _ = try present(table.add(to: asked, deadline: now + .seconds(1), waiter: "a", random: random))
        _ = try present(table.add(to: asked, deadline: now + .seconds(2), waiter: "b", random: random))
        #expect(table.add(to: asked, deadline: now + .seconds(3), waiter: "c", random: random) == nil)
        #expect(table.expired(at: now).isEmpty)
        #expect(table.expired(at: now + .seconds(1)) == ["a"])
        #expect(table.add(to: asked, deadline: now + .seconds(3), waiter: "c", random: random) != nil)
        #expect(Set(table.removeAll()) == ["b", "c"])
        #expect(table.count == 0)
    }
}

/// The value; an error if there is none.
func present<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw NotInTime(what: "a value") }
    return value
}
