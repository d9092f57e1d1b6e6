// SPDX-License-Identifier: Apache-2.0
import DeviceManagement
import Foundation
import StationJSON
import StationTesting
import Synchronization
import Testing
import XMLStream
import XMPPCore

/// A bench whose server carries out ad-hoc commands, or does not, and whose lists are kept in memory.
final class RevocationBench {
    static let endSession = "http://jabber.org/protocol/admin#end-user-session"
    static let reload = "http://prosody.im/protocol/config#reload"

    /// The lists that were written, the newest last, and what to say to the next.
    final class Lists: Sendable {
        let state = Mutex<(texts: [AuthorityRole: [String]], failure: String?)>(([:], nil))
        func texts(_ role: AuthorityRole) -> [String] { state.withLock { $0.texts[role] ?? [] } }
        func fail(_ failure: String?) { state.withLock { $0.failure = failure } }
        func write(_ role: AuthorityRole, _ text: String) -> String? {
            state.withLock { state in
                if state.failure == nil { state.texts[role, default: []].append(text) }
                return state.failure
            }
        }
    }

    let bench: TestBench
    let station: TestStation
    let lists = Lists()
    /// Accounts whose sessions were ended.
    private(set) var ended: [String] = []
    private(set) var reloads = 0

    /// What the server answers to the commands.
    enum Answer {
        case prosody, ejabberd, nothing
        case error(StanzaError.Condition)
    }

    var ends: Answer
    var reloading: Answer

    init(
        ends: Answer = .prosody, reloading: Answer = .nothing, writesLists: Bool = true,
        _ configure: (inout RevocationConfiguration) -> Void = { _ in }
    ) throws {
        self.ends = ends
        self.reloading = reloading
        let lists = lists
        bench = try TestBench {
            if writesLists { $0.device.revocation.write = { lists.write($0, $1) } }
            configure(&$0.device.revocation)
        }
        station = try TestStation(bench, "WX-1")
        serve()
        try station.install()
        serve()
    }

    func revoke() throws {
        _ = try bench.command("station.revoke", ["serial": "WX-1"])
        serve()
    }

    /// The server's turn, until it has nothing left to answer. Returns what it was sent beside commands.
    @discardableResult
    func serve() -> [Element] {
        var others: [Element] = []
        while true {
            let sent = bench.sent()
            guard !sent.isEmpty else { return others }
            for stanza in sent {
                guard let command = stanza.firstChild(XMLName("command", Namespaces.commands)), stanza["type"] == "set" else {
                    others.append(stanza)
                    continue
                }
                answer(stanza, command)
            }
        }
    }

    private func answer(_ stanza: Element, _ command: Element) {
        let node = command["node"] ?? ""
        var body = ""
        switch node == Self.reload ? reloading : ends {
        case .nothing: return
        case .error(let condition):
            let error = StanzaError(condition).element
            return bench.receive("<iq type='error' id='\(stanza["id"] ?? "")' from='\(stanza["to"] ?? "")' to='\(TestBench.domain)'>\(error)</iq>")
        case .prosody, .ejabberd:
            if node == Self.reload {
                reloads += 1
                body = "<command xmlns='\(Namespaces.commands)' node='\(node)' status='completed' sessionid='r'><note>reloaded</note></command>"
            } else {
                body = session(command)
            }
        }
        bench.receive("<iq type='result' id='\(stanza["id"] ?? "")' from='\(stanza["to"] ?? "")' to='\(TestBench.domain)'>\(body)</iq>")
    }

    private func session(_ command: Element) -> String {
        let isProsody = if case .prosody = ends { true } else { false }
        let field = isProsody ? "accountjids" : "accountjid"
        let begin = "<command xmlns='\(Namespaces.commands)' node='\(Self.endSession)' sessionid='s1'"
        guard let form = command.firstChild(DataForm.payload) else {
            return begin + " status='executing'><x xmlns='jabber:x:data' type='form'>"
                + "<field type='hidden' var='FORM_TYPE'><value>http://jabber.org/protocol/admin</value></field>"
                + "<field type='\(isProsody ? "jid-multi" : "jid-single")' var='\(field)'/></x></command>"
        }
        #expect(command["sessionid"] == "s1")
        for one in form.elements where one["var"] == field { ended.append(one.elements.first?.text ?? "") }
        return begin + " status='completed'>" + (isProsody ? "<note type='info'>The following accounts\nwere disconnected</note>" : "")
            + "</command>"
    }

    /// Lines of the station's timeline: text and detail.
    func timeline() throws -> [String] {
        try bench.command("station.explain", ["serial": "WX-1"])["entries"]?.items.map {
            "\($0["text"]?.string ?? ""): \($0["detail"]?.string ?? "")"
        } ?? []
    }

    func sessionsToEnd() throws -> Int64? { try bench.command("revocation.status")["sessionsToEnd"]?.int64 }
}
