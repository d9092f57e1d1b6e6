// SPDX-License-Identifier: Apache-2.0
import StationCore
import XMLStream
import XMPPCore

/// An ad-hoc command (XEP-0050) that the component, as an administrator, has the server carry out.
struct ServerCommand {
    /// What became of it.
    enum Outcome {
        /// Carried out, with what the server said.
        case done(String)
        /// Not now: no answer, or an error that will pass.
        case later
        /// Not ever, with the reason.
        case refused(String)
    }

    typealias Handler = (Outcome, CoreContext) throws -> Void

    static let payload = XMLName("command", Namespaces.commands)
    private static let note = XMLName("note", Namespaces.commands)

    /// The component.
    let from: JID
    /// The host whose command it is.
    let host: JID
    let node: String
    /// Fills in the server's form, by the names of its fields; nil if it is another form than this is for.
    var fill: (DataForm) -> DataForm? = { _ in nil }

    /// The last word comes to `then`.
    func run(_ context: CoreContext, then: @escaping Handler) {
        ask(Element(Self.payload, ["node": node, "action": "execute"]), mayFill: true, context, then)
    }

    private func ask(_ element: Element, mayFill: Bool, _ context: CoreContext, _ then: @escaping Handler) {
        context.request(.set, from: from, to: host, element) { answer, context in
            guard let answer else { return try then(.later, context) }
            if answer.isError { return try then(Self.outcome(of: answer.error), context) }
            guard let command = answer.payload, command.isNamed(Self.payload) else {
                return try then(.refused("its answer is no command"), context)
            }
            guard command.attribute("status") == "executing" else {
                let notes = command.children.filter { $0.isNamed(Self.note) }.map(\.text).joined(separator: "; ")
                return try then(.done(notes), context)
            }
            guard mayFill, let element = filled(command) else {
                return try then(.refused("its form is not understood"), context)
            }
            ask(element, mayFill: false, context, then)
        }
    }

    private func filled(_ command: XMLElement) -> Element? {
        guard let session = command.attribute("sessionid"), let child = command.firstChild(DataForm.payload),
            let form = DataForm(child), let submission = fill(form)
        else { return nil }
        return Element(
            Self.payload, ["node": node, "sessionid": session, "action": "complete"], elements: [submission.element])
    }

    private static func outcome(of error: StanzaError?) -> Outcome {
        guard let error, error.kind == .wait else { return .refused("\(error?.description ?? "an error without a reason")") }
        return .later
    }
}

extension ServerCommand {
    /// XEP-0133 §4.4. Prosody takes a list of accounts, as the XEP says; ejabberd one.
    static func endSessions(of jid: JID, from: JID) -> ServerCommand? {
        guard let host = try? JID(jid.domain) else { return nil }
        return ServerCommand(from: from, host: host, node: "http://jabber.org/protocol/admin#end-user-session") { form in
            guard let field = ["accountjids", "accountjid"].first(where: { form[$0] != nil }) else { return nil }
            return DataForm(
                .submit, formType: "http://jabber.org/protocol/admin",
                fields: [DataForm.Field(field, values: [jid.bare.description])])
        }
    }

    /// Prosody's own: it reads its configuration and the files that stand in it, such as the lists, again.
    static func reload(_ host: JID, from: JID) -> ServerCommand {
        ServerCommand(from: from, host: host, node: "http://prosody.im/protocol/config#reload")
    }
}
