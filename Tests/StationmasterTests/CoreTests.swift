// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOPosix
import StationCore
import StationJSON
import StationModel
import StationTesting
@testable import Stationmaster
import Synchronization
import Testing
import XMLStream
import XMPPCore

@Suite("The core: batches, requests of ours, and work")
struct CoreTests {
    private static let ping = XMLName("ping", "urn:xmpp:ping")

    private static func ask(_ notes: Notes, _ name: String, _ context: CoreContext) throws {
        context.request(
            .get, from: try JID("devices.localhost"), to: try JID("\(name)@stations.localhost/agent"),
            Element(ping), timeoutMilliseconds: 1000
        ) { answer, _ in notes.add("\(name) \(answer?.type ?? "unanswered")") }
    }

    @Test("A store that fails while an unanswered request is given up fails the batch")
    func failureWhileGivingUp() throws {
        let notes = Notes()
        let bench = try CoreBench { core in core.command("ask") { _, context in try Self.ask(notes, "a", context); return .null } }
        try bench.process(CoreBench.command("ask"))
        bench.disk.failSavepoints()
        bench.clock.advance(milliseconds: 2000)
        #expect(throws: SlowStore.Failure.self) { try bench.process() }
    }

    @Test("A stanza that is not from our domain is left out, and those around it are not")
    func foreign() throws {
        let bench = try CoreBench { core in
            core.command("say") { _, context in
                for from in ["devices.localhost", "elsewhere.example", "sub.devices.localhost", "wx@devices.localhost/r"] {
                    context.send(.message(from: try JID(from), to: try JID("a@b")))
                }
                context.send(.message(to: try JID("a@b")))
                return .null
            }
        }
        try bench.process(CoreBench.command("say"))
        let sent = String(decoding: bench.outlet.take(), as: UTF8.self)
        #expect(sent.split(separator: "<message").count == 2)
        #expect(sent.contains("from='devices.localhost'") && sent.contains("from='wx@devices.localhost/r'"))
    }

    @Test("A timer whose handler fails fires again after a minute, until it is carried out")
    func failingTimer() throws {
        struct Broken: Error {}
        let notes = Notes()
        let bench = try CoreBench { core in
            core.command("set") { _, context in
                context.schedule("work", key: "k", due: context.now)
                return .null
            }
            core.timer("work") { key, _ in
                notes.add(key)
                if notes.all.count < 3 { throw Broken() }
            }
        }
        try bench.process(CoreBench.command("set"))
        for _ in 0..<5 { try bench.pass(milliseconds: 59_000) }
        #expect(notes.all.count == 3, "at once, and twice a minute later")
        #expect(bench.core.nextWake == nil)
    }

    @Test("Beyond the limit the request that has waited longest is given up, and told so")
    func displaced() throws {
        let notes = Notes()
        var limits = CoreLimits()
        limits.pendingRequests = 3
        let bench = try CoreBench(limits: limits) { core in
            core.command("ask") { _, context in
                for name in ["a", "b", "c", "d", "e"] { try Self.ask(notes, name, context) }
                return .null
            }
        }
        try bench.process(CoreBench.command("ask"))
        #expect(bench.core.nextWake == .zero)
        try bench.process()
        #expect(notes.all.sorted() == ["a unanswered", "b unanswered"])
        try bench.pass(milliseconds: 1000)
        #expect(notes.all.sorted() == ["a", "b", "c", "d", "e"].map { "\($0) unanswered" })
        #expect(bench.core.nextWake == nil)
    }

    @Test("Thousands of requests expire in their order, and an answer that nobody asked for is counted")
    func manyExpire() throws {
        let notes = Notes()
        let bench = try CoreBench { core in
            core.command("ask") { _, context in
                for number in 0..<2000 { try Self.ask(notes, "s\(number)", context) }
                return .null
            }
            core.command("ignored") { _, context in .integer(context.ignoredAnswers) }
        }
        try bench.process(CoreBench.command("ask"))
        try bench.process(InformationBench.stanza("<iq type='result' id='forged' from='a@b/c' to='devices.localhost'/>"))
        try bench.pass(milliseconds: 1000)
        #expect(notes.all == (0..<2000).map { "s\($0) unanswered" })
        let ignored = Mutex<JSON?>(nil)
        try bench.process(CoreBench.command("ignored") { result in ignored.withLock { $0 = try? result.get() } })
        #expect(ignored.withLock { $0 } == .integer(1))
    }

    @Test("A batch has a limit in time: the rest comes first in the next one, commands before control, all in order")
    func timeLimit() throws {
        let notes = Notes()
        let clock = VirtualClock()
        // Each takes 10 ms.
        func note(_ text: String) {
            notes.add(text)
            clock.advance(milliseconds: 10)
        }
        let bench = try CoreBench(clock: clock) { core in
            core.presence { stanza, _ in note(stanza.id ?? "") }
            core.command("command") { _, _ in
                note("command")
                return .null
            }
        }
        func presence(_ id: Int) throws -> CoreRequest {
            try InformationBench.stanza("<presence id='\(id)' from='a@b/c' to='devices.localhost'/>")
        }
        try bench.core.process((1...6).map { try presence($0) })
        #expect(notes.all == ["1", "2", "3"])
        #expect(bench.core.putOffCount == (0, 3) && bench.core.nextWake == .zero)
        try bench.process(CoreBench.command("command"), presence(7))
        #expect(notes.all == ["1", "2", "3", "command", "4", "5"])
        try bench.process()
        #expect(notes.all.suffix(2) == ["6", "7"])
        #expect(bench.core.putOffCount == (0, 0))
    }

    @Test("What the core has taken is let go when it is done, while the queue goes on")
    func takenIsReleased() throws {
        final class Payload: Sendable {}
        var limits = CoreLimits()
        limits.batchControl = 1
        let inbox = Inbox(limits: limits)
        weak var watched: Payload?
        do {
            let payload = Payload()
            watched = payload
            inbox.append(control: [try CoreBench.command("x") { _ in _ = payload }])
        }
        inbox.append(control: [.wake])
        inbox.append(control: [.wake])
        #expect(watched != nil)
        #expect(inbox.take(within: .zero)?.count == 1)
        #expect(watched == nil)
    }

    @Test("Beyond the limit of work under way a stanza is refused, and work that nobody asked for by a stanza is taken")
    func workLimit() throws {
        var limits = CoreLimits()
        limits.pendingWork = 1
        let bench = try CoreBench(limits: limits) { core in
            core.iq(.get, Self.ping) { stanza, context in
                context.perform("slow", for: stanza) { 1 } then: { _, context in context.reply(to: stanza) }
            }
            core.command("own") { _, context in
                context.perform("own") { 1 } then: { _, _ in }
                return .null
            }
        }
        for id in ["a", "b"] {
            try bench.process(InformationBench.stanza(
                "<iq type='get' id='\(id)' from='a@b/c' to='devices.localhost'><ping xmlns='urn:xmpp:ping'/></iq>"))
        }
        let text = String(decoding: bench.outlet.take(), as: UTF8.self)
        #expect(text.contains("id='b'") && text.contains("resource-constraint") && !text.contains("id='a'"))
    }

    @Test("Work that is asked for before the threads run is done when they do")
    func earlyWork() async throws {
        let threads = NIOThreadPool(numberOfThreads: 1)
        let pool = ThreadedPool(threads: threads)
        let notes = Notes()
        pool.submit { notes.add("early") }
        pool.start()
        pool.submit { notes.add("late") }
        let end = ContinuousClock.now + .seconds(5)
        while notes.all.count < 2, .now < end { try await Task.sleep(for: .milliseconds(2)) }
        #expect(notes.all.sorted() == ["early", "late"])
        try await threads.shutdownGracefully()
    }

    @Test("The log of receipts is verified a page at a time, and a broken entry is named")
    func verifyInPages() throws {
        let bench = try CoreBench { core in
            core.command("write") { _, context in
                for number in 0..<1000 {
                    try context.audit(actor: "a", action: "b", subject: "\(number)", detail: .null)
                }
                return .null
            }
        }
        try bench.process(CoreBench.command("write"))
        let answer = Mutex<JSON?>(nil)
        try bench.process(CoreBench.command("log.verify") { result in answer.withLock { $0 = try? result.get() } })
        #expect(answer.withLock { $0 } == nil, "not in one batch")
        let before = bench.batches
        try bench.pass(milliseconds: 0)
        #expect(bench.batches - before >= 4)
        #expect(answer.withLock { $0 }?["entries"] == .integer(1000))
    }
}
