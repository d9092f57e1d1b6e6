// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationJSON
import StationModel
import StationTesting
import Testing
import XMLStream
import XMPPCore

@Suite("Information services: twins")
struct InformationServicesTwinTests {
    private let person = "romeo@localhost"
    private let twin = "wx-1@devices.localhost"

    /// `type from to show: status` of each presence.
    private func presences(_ bench: InformationBench) throws -> [String] {
        try bench.sent().filter { $0.name.local == "presence" }.map { presence in
            func child(_ name: String) -> String { presence.elements.first { $0.name.local == name }?.text ?? "" }
            return "\(presence["type"] ?? "available") \(presence["from"] ?? "") \(presence["to"] ?? "") \(child("show")): \(child("status"))"
        }
    }

    private func subscribe(_ bench: InformationBench) throws {
        try bench.receive("<presence type='subscribe' from='\(person)' to='\(twin)'/>")
    }

    @Test("Who is granted a station may have it as a contact, and sees its state and weather")
    func contact() throws {
        let bench = try InformationBench()
        let station = try bench.install("WX-1")
        _ = try bench.sent()
        try subscribe(bench)
        #expect(try presences(bench) == ["unsubscribed \(twin) \(person) : "])
        try bench.grant(person, "wx-1")
        try subscribe(bench)
        #expect(
            try presences(bench) == [
                "subscribed \(twin) \(person) : ", "available \(twin)/station \(person) away: unknown",
            ])
        try bench.emit(.online(serial: try Serial("WX-1"), jid: try JID(station)))
        #expect(try presences(bench) == ["available \(twin)/station \(person) : online"])
        try bench.advance(seconds: 11)
        try bench.receive(
            InformationBench.report(
                from: station,
                #"{"seq":1,"records":[{"bn":"wx-1:","n":"temperature","u":"Cel","v":21.5},{"n":"humidity","u":"%RH","v":54}]}"#))
        #expect(try presences(bench) == ["available \(twin)/station \(person) : online: 21.5 °C, 54 %RH"])
        try bench.receive("<presence type='probe' from='\(person)/phone' to='\(twin)'/>")
        #expect(try presences(bench) == ["available \(twin)/station \(person)/phone : online: 21.5 °C, 54 %RH"])
        try bench.receive("<presence type='probe' from='juliet@localhost/x' to='\(twin)'/>")
        #expect(try presences(bench) == ["unsubscribed \(twin) juliet@localhost : "])
        try bench.emit(.offline(serial: try Serial("WX-1"), jid: try JID(station)))
        #expect(try presences(bench) == ["available \(twin)/station \(person) xa: offline: 21.5 °C, 54 %RH"])
        try bench.receive("<presence type='unsubscribe' from='\(person)' to='\(twin)'/>")
        #expect(try presences(bench) == ["unavailable \(twin)/station \(person) : ", "unsubscribed \(twin) \(person) : "])
        try bench.publish(from: station, 2)
        #expect(try presences(bench).isEmpty)
    }

    @Test("The weather is shown at most every ten seconds, and the newest is shown in the end")
    func rate() throws {
        let bench = try InformationBench()
        let station = try bench.install("wx-1")
        try bench.grant(person, "all")
        try subscribe(bench)
        try bench.emit(.online(serial: try Serial("wx-1"), jid: try JID(station)))
        _ = try presences(bench)
        for seq in 1...8 {
            try bench.receive(InformationBench.report(from: station, InformationBench.body(Int64(seq), Double(seq))))
            try bench.advance(seconds: 1)
        }
        #expect(try presences(bench).isEmpty)
        try bench.advance(seconds: 3)
        #expect(try presences(bench) == ["available \(twin)/station \(person) : online: 8.0 °C"])
        try bench.advance(seconds: 60)
        try bench.publish(from: station, 10)
        #expect(try presences(bench).count == 1)
        try bench.advance(seconds: 60)
        try bench.publish(from: station, 9)
        try bench.advance(seconds: 60)
        #expect(try presences(bench).isEmpty, "late, nothing new")
        try bench.emit(.offline(serial: try Serial("wx-1"), jid: try JID(station)))
        try bench.emit(.online(serial: try Serial("wx-1"), jid: try JID(station)))
        #expect(try presences(bench).count == 2, "a change of state is shown at once")
    }

    @Test("After a restart each contact hears of each station: at once if it answers its probe, else a little later")
    func restart() throws {
        let bench = try InformationBench { $0.twinsPerStep = 1 }
        for number in 1...3 {
            let station = try bench.install("wx-\(number)")
            try bench.report(from: station, InformationBench.body(1, Double(number)))
            try bench.grant(person, "wx-\(number)")
            try bench.receive("<presence type='subscribe' from='\(person)' to='wx-\(number)@devices.localhost'/>")
        }
        try bench.restart()
        try bench.emit(.online(serial: try Serial("wx-2"), jid: try JID("wx-2@stations.localhost/agent")))
        #expect(try presences(bench) == ["available wx-2@devices.localhost/station \(person) : online: 2.0 °C"])
        try bench.advance(seconds: 35)
        #expect(
            try presences(bench) == [
                "available wx-1@devices.localhost/station \(person) away: unknown: 1.0 °C",
                "available wx-3@devices.localhost/station \(person) away: unknown: 3.0 °C",
            ])
    }

    @Test("A revoked grant takes the contact away; a revoked station is unavailable, a retired one gone")
    func revoked() throws {
        let bench = try InformationBench()
        try bench.install("wx-1")
        try bench.grant(person, "wx-1")
        try subscribe(bench)
        _ = try presences(bench)
        try bench.revoke(person, "wx-1")
        let gone = ["unavailable \(twin)/station \(person) : ", "unsubscribed \(twin) \(person) : "]
        #expect(try presences(bench) == gone)
        try bench.grant(person, "all")
        try bench.receive("<presence type='probe' from='\(person)/x' to='\(twin)'/>")
        #expect(try presences(bench) == ["unsubscribed \(twin) \(person) : "])
        try subscribe(bench)
        _ = try presences(bench)
        try bench.emit(.revoked(serial: try Serial("wx-1")))
        #expect(try presences(bench) == ["unavailable \(twin)/station \(person) : revoked"])
        try bench.emit(.retired(serial: try Serial("wx-1")))
        #expect(try presences(bench).last == gone.last)
        try bench.restart()
        try bench.receive("<presence type='probe' from='\(person)/x' to='\(twin)'/>")
        #expect(try presences(bench) == ["unsubscribed \(twin) \(person) : "])
    }

    @Test("A twin answers disco, version and last activity, to those who are granted it")
    func requests() throws {
        let bench = try InformationBench()
        let station = try bench.install("wx-1")
        bench.services.firmwareVersion = { _ in "1.2.3" }
        let info = "<query xmlns='http://jabber.org/protocol/disco#info'/>"
        let version = "<query xmlns='jabber:iq:version'/>"
        let last = "<query xmlns='jabber:iq:last'/>"
        for payload in [info, version, last] {
            #expect(try bench.ask("get", from: person + "/x", to: twin, payload).refusal == "forbidden")
            #expect(try bench.ask("get", from: person + "/x", to: "none@devices.localhost", payload).refusal == "forbidden")
        }
        try bench.grant(person, "wx-1")
        for kind in ["info", "items"] {
            let node = "<query xmlns='http://jabber.org/protocol/disco#\(kind)' node='none'/>"
            #expect(try bench.ask("get", from: person + "/x", to: twin, node).refusal == "item-not-found")
        }
        #expect(try bench.ask("get", from: person + "/x", to: twin, last).refusal == "item-not-found")
        try bench.report(from: station, InformationBench.body(1))
        try bench.advance(seconds: 42)
        let activity = try bench.ask("get", from: person + "/x", to: twin + "/station", last)
        #expect(activity.elements.first?["seconds"] == "42")
        #expect(activity["from"] == twin + "/station")
        let answer = try bench.ask("get", from: person + "/x", to: twin, version)
        #expect(answer.elements.first?.elements.map(\.text) == ["Weather station", "1.2.3"])
        let identity = try bench.ask("get", from: person + "/x", to: twin, info).elements.first?.elements.first
        #expect(identity?["category"] == "client" && identity?["type"] == "bot")
        let pubsub = "<pubsub xmlns='http://jabber.org/protocol/pubsub'><subscriptions/></pubsub>"
        #expect(try bench.ask("get", from: person + "/x", to: twin, pubsub).refusal == "service-unavailable")
    }
}
