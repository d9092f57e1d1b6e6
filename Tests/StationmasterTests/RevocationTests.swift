// SPDX-License-Identifier: Apache-2.0
import DeviceManagement
import Foundation
import StationPKI
import StationProtocol
import StationTesting
import Testing
import XMLStream
import XMPPCore

@Suite("Revocation: session ended, list published")
struct RevocationTests {
    private static let accounts = ["wx-1@stations.localhost", "wx-1@onboarding.localhost"]

    @Test(arguments: [true, false])
    func `the server ends the sessions of a revoked station, and the timeline says so`(isProsody: Bool) throws {
        let play = try RevocationBench(ends: isProsody ? .prosody : .ejabberd, writesLists: false)
        try play.revoke()
        #expect(play.ended == Self.accounts)
        #expect(try play.timeline().filter { $0.hasPrefix("session ended: wx-1@") }.count == 2)
        #expect(try play.sessionsToEnd() == 0)
        play.bench.reconnect()
        play.serve()
        #expect(play.ended == Self.accounts, "once is enough")
    }

    @Test func `the command is there within a second, also while lists cannot be written and nothing is answered`() throws {
        let play = try RevocationBench(ends: .nothing)
        play.lists.fail("no space left on device")
        _ = try play.bench.command("station.revoke", ["serial": "WX-1"])
        let nodes = play.bench.sent().compactMap { $0.firstChild(XMLName("command", Namespaces.commands))?["node"] }
        #expect(nodes.filter { $0 == RevocationBench.endSession }.count == 2)
    }

    @Test(arguments: [StanzaError.Condition.forbidden, .serviceUnavailable, .itemNotFound])
    func `a server that refuses is not asked again, and the timeline says why`(condition: StanzaError.Condition) throws {
        let play = try RevocationBench(ends: .error(condition), writesLists: false)
        try play.revoke()
        #expect(try play.timeline().contains { $0.hasPrefix("session not ended:") && $0.contains(condition.rawValue) })
        #expect(try play.sessionsToEnd() == 0)
        play.ends = .prosody
        play.bench.reconnect()
        play.serve()
        #expect(play.ended.isEmpty)
    }

    @Test func `a session that is not known to have ended is asked for again: by timer, at the next link, after a restart`() throws {
        let play = try RevocationBench(ends: .error(.resourceConstraint), writesLists: false)
        try play.revoke()
        #expect(try play.sessionsToEnd() == 2)
        play.bench.advance(seconds: 61)
        #expect(play.serve().isEmpty)
        #expect(try play.sessionsToEnd() == 2)
        play.bench.hangUp()
        play.bench.reconnect()
        play.ends = .nothing
        play.serve()
        try play.bench.restart()
        play.ends = .prosody
        play.serve()
        #expect(Set(play.ended) == Set(Self.accounts))
        #expect(try play.sessionsToEnd() == 0)
    }

    @Test func `a server that never answers is given up`() throws {
        let play = try RevocationBench(ends: .nothing, writesLists: false)
        try play.revoke()
        for _ in 0..<6 { play.bench.advance(seconds: 61) }
        #expect(try play.sessionsToEnd() == 0)
        #expect(try play.timeline().contains { $0.contains("the server does not answer") })
    }

    @Test func `it can be switched off`() throws {
        let play = try RevocationBench(writesLists: false) { $0.endsSessions = false }
        try play.revoke()
        #expect(play.ended.isEmpty)
    }

    @Test func `when the server has read the new list, the session is ended once more`() throws {
        let play = try RevocationBench(reloading: .prosody)
        let reloads = play.reloads
        try play.revoke()
        #expect(play.reloads > reloads)
        #expect(play.ended == Self.accounts + Self.accounts)
        #expect(try play.sessionsToEnd() == 0)
        #expect(try play.timeline().filter { $0.hasPrefix("session ended") }.count == 2, "said once for each account")
    }

    @Test func `certificates of both authorities stand on the lists, replaced ones too`() throws {
        let play = try RevocationBench(reloading: .error(.itemNotFound))
        let first = try number(play)
        // The LDevID is lost, the station introduces itself anew.
        _ = try play.station.introduce()
        let second = try number(play)
        #expect(first != second)
        try play.revoke()
        let owner = try #require(play.lists.texts(.owner).last)
        let maker = try #require(play.lists.texts(.maker).last)
        #expect(try OpenSSLList(owner).numbers == Set([first, second]))
        #expect(try OpenSSLList(maker).numbers == [try number(play, "identityCertificate")])
        #expect(try Certificate.all(pem: owner) == [play.bench.ownerAuthority.certificate], "as Prosody reads a cafile")
    }

    private func number(_ play: RevocationBench, _ name: String = "operationalCertificate") throws -> String {
        let shown = try play.bench.command("station.show", ["serial": "WX-1"])
        return try #require(shown[name]?["serialNumber"]?.string)
    }

    @Test func `a list is there from the first link on, and is renewed at half of its time`() throws {
        let play = try RevocationBench(reloading: .prosody) { $0.listLifetime = .seconds(7200) }
        #expect(play.lists.texts(.owner).count == 1)
        let before = try OpenSSLList(try #require(play.lists.texts(.owner).last))
        #expect(before.numbers.isEmpty)
        play.bench.advance(seconds: 3500)
        #expect(play.lists.texts(.owner).count == 1)
        play.bench.advance(seconds: 200)
        #expect(play.lists.texts(.owner).count == 2)
        #expect(try OpenSSLList(try #require(play.lists.texts(.owner).last)).crlNumber > before.crlNumber)
        try play.bench.restart()
        #expect(play.lists.texts(.owner).count == 3, "an old file may have been put back")
    }

    @Test func `a list that could not be written is written later, and its failure can be seen`() throws {
        let play = try RevocationBench(reloading: .prosody)
        play.lists.fail("no space left on device")
        try play.revoke()
        let failed = try play.bench.command("revocation.status")["lists"]?.items
        #expect(failed?.allSatisfy { $0["published"] == false && $0["failure"]?.string == "no space left on device" } == true)
        let count = play.lists.texts(.owner).count
        play.lists.fail(nil)
        play.bench.advance(seconds: 61)
        play.serve()
        #expect(play.lists.texts(.owner).count == count + 1)
        #expect(try play.bench.command("revocation.status")["lists"]?.items.allSatisfy { $0["published"] == true } == true)
        #expect(try play.sessionsToEnd() == 0)
    }

    @Test func `the files are whole and readable by all, whatever stood there and whatever the umask`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lists-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/owner-ca.crl"
        try "half of a li".write(toFile: path, atomically: false, encoding: .utf8)
        chmod(path, 0o600)
        let bench = try TestBench { $0.revocationLists = [.owner: path, .maker: folder + "/none/maker-ca.crl"] }
        #expect(try OpenSSLList(String(contentsOfFile: path, encoding: .utf8)).numbers.isEmpty)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o644)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["owner-ca.crl"])
        let failures = try bench.command("revocation.status")["lists"]?.items.compactMap { $0["failure"]?.string }
        #expect(failures?.count == 1 && failures?.first?.contains("none/maker-ca.crl") == true)
    }

    @Test func `a revoked station that comes back is sent away, once a minute`() throws {
        let play = try RevocationBench(reloading: .error(.itemNotFound))
        try play.revoke()
        let count = play.ended.count
        for _ in 0..<3 {
            #expect(TestStation.condition(try play.station.logIn()) == "forbidden")
            play.serve()
        }
        // `ask` has read what was sent, so the server hears of it when it is asked again.
        play.bench.advance(seconds: 61)
        play.serve()
        #expect(play.ended.count == count + 1)
    }
}
