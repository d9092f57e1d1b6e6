// SPDX-License-Identifier: Apache-2.0
import StationDigest
import StationJSON
import StationPKI
import StationProtocol
import StationTesting
import Testing
import XMLStream
import XMPPCore

@testable import DeviceManagement

/// What is offered when, and what ends an offer.
extension UpdateTests {
    var detail: String? {
        get throws { try bench.command("update.status")["jobs"]?.items.first?["detail"]?.string }
    }

    private var offers: Int { bench.sent().count { $0.firstChild(Update.xmlName) != nil } }

    // MARK: - Lost words

    /// Bit by bit of `lost`: the answer to the offer and each step.
    @Test(arguments: 0..<16, [UpdateStatus.Status.completed, .failed, .rolledBack])
    func `whatever words are lost, the last one counts`(lost: Int, last: UpdateStatus.Status) throws {
        try trust()
        let job = try offer(try manifest())
        let offered = try received()
        if lost & 1 == 0 { try answer(offered.id, UpdateAnswer(job: job, answer: .accepted).element) }
        for (index, step) in [UpdateStatus.Status.downloading, .installing, .restarting].enumerated()
        where lost & (2 << index) == 0 {
            #expect(try status(job, step) == nil)
        }
        #expect(try (last == .completed ? complete(offered.update) : status(job, last)) == nil)
        #expect(try state == last.rawValue)
        #expect(try status(job, .downloading) == "unexpected-request", "nothing follows an end")
    }

    @Test func `an answer that is lost with the component or the link is asked for again`() throws {
        try trust()
        let job = try offer(try manifest())
        _ = try received()
        try bench.restart()
        bench.receive("<presence from='\(try station.jid)' to='\(TestBench.domain)'/>")
        #expect(try received().update.job == job)
        bench.hangUp()
        bench.reconnect()
        bench.receive("<presence from='\(try station.jid)' to='\(TestBench.domain)'/>")
        let offered = try received()
        try answer(offered.id, UpdateAnswer(job: job, answer: .accepted).element)
        #expect(try state == "accepted")
        // The station never knows whether it was heard, so it may be asked once more, and says the same.
        bench.advance(seconds: 601)
        let again = try received()
        try answer(again.id, UpdateAnswer(job: job, answer: .accepted).element)
        #expect(try state == "accepted")
    }

    // MARK: - Logins

    @Test func `at a login the offer goes out once, behind the keys that it is judged with`() throws {
        try trust()
        try station.logOut()
        try offer(try manifest())
        let jid = try station.jid
        bench.receive("<presence from='\(jid)' to='\(TestBench.domain)'/>")
        #expect(offers == 0, "it has not introduced itself")
        let request = OutgoingStanza.iq(
            "set", id: "i1", from: jid, to: try JID(TestBench.domain),
            Introduce(serial: station.serial, firmware: .init(version: "1.0", sequence: 1)).element)
        var writer = XMLWriter(defaultNamespace: Namespaces.component)
        request.write(into: &writer)
        bench.receive(writer.take())
        let sent = bench.sent()
        let online = try #require(sent.firstIndex { $0.firstChild(Online.xmlName) != nil })
        let places = sent.indices.filter { sent[$0].firstChild(Update.xmlName) != nil }
        #expect(places.count == 1 && places[0] > online)
    }

    // MARK: - Ends

    @Test(arguments: ["downloading", "installing", "restarting"])
    func `a station at work may finish after the deadline, but not for ever`(step: String) throws {
        try trust()
        let job = try offer(try manifest(), after: 600)
        let offered = try received()
        try answer(offered.id, UpdateAnswer(job: job, answer: .accepted).element)
        #expect(try status(job, try #require(UpdateStatus.Status(rawValue: step))) == nil)
        bench.advance(seconds: 7200 + 599)
        #expect(try state == step)
        if step == "installing" {
            #expect(try complete(offered.update) == nil)
            #expect(try state == "completed")
        } else {
            bench.advance(seconds: 2)
            #expect(try state == "failed")
            #expect(try detail == "the deadline has passed")
            #expect(try status(job, .restarting) == "unexpected-request")
        }
    }

    @Test func `an offer that nobody begins expires at the deadline`() throws {
        try trust()
        let job = try offer(try manifest(), after: 600)
        try answer(try received().id, UpdateAnswer(job: job, answer: .accepted).element)
        bench.advance(seconds: 601)
        #expect(try state == "expired")
        #expect(try status(job, .installing) == "unexpected-request")
    }

    @Test func `a manifest that expires ends its offer, whatever deadline was named`() throws {
        try trust()
        try offer(try manifest(expiresAfter: 3600), after: 86_400)
        let update = try received().update
        #expect(update.deadline == bench.clock.now().seconds + 3600)
        #expect(try Assignment.decode(text: update.assignment.payload).deadline == update.deadline)
        bench.advance(seconds: 3601)
        #expect(try state == "expired")
        #expect(try detail == "the manifest has expired")
    }

    @Test(arguments: [false, true])
    func `no expired manifest is offered after the clock has jumped, nor after a restart`(restarts: Bool) throws {
        try trust()
        try station.logOut()
        try offer(try manifest(expiresAfter: 3600), after: 3600)
        bench.clock.set(milliseconds: bench.clock.now().milliseconds + 10 * 31_536_000_000)
        if restarts { try bench.restart() }
        _ = try station.logIn()
        bench.advance(seconds: 700)
        #expect(offers == 0)
        #expect(try state == "expired")
    }
}
