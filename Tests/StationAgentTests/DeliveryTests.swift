// SPDX-License-Identifier: Apache-2.0
import Testing
import XMLStream
import XMPPCore

@testable import StationAgent

@Suite struct DeliveryTests {
    private func message(_ items: String) throws -> Stanza {
        try Stanza(
            parseFragment(
                Array(
                    """
                    <message from='devices.localhost' to='nws@localhost/x' type='normal'>\
                    <event xmlns='http://jabber.org/protocol/pubsub#event'><items node='all'>\(items)</items></event>\
                    <no-store xmlns='urn:xmpp:hints'/></message>
                    """.utf8), defaultNamespace: "jabber:client"))
    }

    private func item(_ id: String, _ text: String, publisher: String = "wx-1@stations.localhost/station") -> String {
        "<item id='\(id)' publisher='\(publisher)'><report xmlns='urn:stationmaster:1'>"
            + "<json xmlns='urn:xmpp:json:0'>\(text)</json></report></item>"
    }

    @Test func `items are read with the text as it was sent`() throws {
        let text = "{\"seq\":7, \"records\":[{\"n\":\"t\",\"v\":1.50}],\"gap\":true}"
        let deliveries = Delivery.read(try message(item("1-9", text)))
        #expect(deliveries.count == 1)
        let delivery = try #require(deliveries.first)
        #expect(delivery.item == "1-9")
        #expect(delivery.node == "all")
        #expect(delivery.station.description == "wx-1@stations.localhost")
        #expect(delivery.seq == 7)
        #expect(delivery.gap)
        #expect(delivery.text == text)
    }

    @Test func `what is no item is left out`() throws {
        let bad = item("1", "{") + item("2", "{\"seq\":\"x\"}") + item("3", "{\"seq\":1}", publisher: "@") + "<retract id='4'/>"
            + item("", "{\"seq\":1}").replacing("id=''", with: "")
        #expect(Delivery.read(try message(bad + item("5", "{\"seq\":1,\"records\":[]}"))).map(\.item) == ["5"])
    }

    private func notice(_ payload: String) throws -> DeliveryNotice? {
        DeliveryNotice.read(
            try Stanza(
                parseFragment(
                    Array("<message from='devices.localhost' to='nws@localhost/x'>\(payload)</message>".utf8),
                    defaultNamespace: "jabber:client")))
    }

    @Test func `what does not come is told apart`() throws {
        let ours = "xmlns='urn:stationmaster:1'"
        #expect(try notice("<gap \(ours) after='1-8' before='1-90'/>") == .gap(after: "1-8", before: "1-90"))
        #expect(try notice("<gap \(ours) before='1-90'/>") == .gap(after: nil, before: "1-90"))
        #expect(try notice("<dropped \(ours) count='12' node='all'/>") == .dropped(count: 12, node: "all"))
        #expect(try notice("<quarantined \(ours) item='1-7' node='stations/WX-7'/>") == .quarantined(item: "1-7", node: "stations/WX-7"))
        for other in ["<gap \(ours)/>", "<dropped \(ours) count='many'/>", "<quarantined \(ours)/>", "<gap xmlns='u' before='1-1'/>", "<body/>"] {
            #expect(try notice(other) == nil)
        }
    }

    @Test func `an item says that it is late`() throws {
        let late = item("1-9", "{\"seq\":7,\"records\":[]}").replacing("<report ", with: "<report late='true' ")
        #expect(Delivery.read(try message(late + item("1-10", "{\"seq\":8,\"records\":[]}"))).map(\.isLate) == [true, false])
    }

    @Test func `numbers tell what is missing, late, given up and double`() {
        var tally = StationTally()
        for number in [5, 6, 9, 9, 7] as [Int64] { tally.take(number) }
        #expect(tally.received == 5)
        #expect(tally.missing == 1)
        #expect(tally.late == 1)
        #expect(tally.duplicates == 1)
        tally.take(20, gap: true)
        #expect(tally.givenUp == 10)
        #expect(tally.missing == 1)
        tally.take(1_000_000)
        #expect(tally.missing == 1 + 999_979)
    }

    private func delivery(_ number: Int64) throws -> Delivery {
        Delivery(item: "1-\(number)", node: "all", station: try JID("a@b"), seq: number, text: "", gap: false, isLate: false)
    }

    @Test func `an item is done with when the next one is asked for, and not before`() async throws {
        let queue = DeliveryQueue(limit: 10) {}
        queue.add(try delivery(1))
        queue.add(try delivery(2))
        #expect(await queue.next()?.seq == 1)
        #expect(queue.done == nil)
        #expect(await queue.next()?.seq == 2)
        #expect(queue.done?.seq == 1)
        queue.finish()
        #expect(await queue.next() == nil)
        #expect(queue.done?.seq == 2)
    }

    @Test func `beyond the limit the oldest go, and are counted`() async throws {
        let queue = DeliveryQueue(limit: 3) {}
        for number in 1...5 as ClosedRange<Int64> { queue.add(try delivery(number)) }
        #expect(queue.overrun == 2)
        #expect(await queue.next()?.seq == 3)
    }

    @Test func `a taker that waits gets what comes, or nothing when it is cancelled`() async throws {
        let queue = DeliveryQueue(limit: 3) {}
        async let taken = queue.next()
        try await Task.sleep(for: .milliseconds(20))
        queue.add(try delivery(1))
        #expect(await taken?.seq == 1)
        let waiting = Task { await queue.next() }
        try await Task.sleep(for: .milliseconds(20))
        waiting.cancel()
        #expect(await waiting.value == nil)
        queue.add(try delivery(2))
        #expect(await queue.next()?.seq == 2)
    }
}
