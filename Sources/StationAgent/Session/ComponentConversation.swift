// SPDX-License-Identifier: Apache-2.0
import XMLStream
import XMPPClient
import XMPPCore

/// Why an IQ to the component had no result.
public enum AskFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The component (or the server in its stead) answered with an error.
    case refused(StanzaError)
    /// No answer in time, or no connection any more.
    case unanswered(String)

    /// For people.
    public var description: String {
        switch self {
        case .refused(let error): "refused: \(error)"
        case .unanswered(let reason): "no answer: \(reason)"
        }
    }

    /// As an error of this module.
    var agentError: AgentError {
        switch self {
        case .refused(let error): AgentError(error.kind == .wait ? .unreachable : .refused, "the component answered \(error)")
        case .unanswered(let reason): AgentError(.unreachable, reason)
        }
    }
}

/// What was asked and is not answered yet.
public struct PendingAnswer: Sendable {
    /// Whether the request was sent; one that was not gets no answer, and neither must what comes after it be sent.
    public let isSent: Bool
    private let result: @Sendable () async -> Result<XMLElement?, AskFailure>

    /// - Parameter result: waits for the result's payload.
    public init(isSent: Bool = true, result: @escaping @Sendable () async -> Result<XMLElement?, AskFailure>) {
        self.isSent = isSent
        self.result = result
    }

    /// Waits for the result's payload. For one caller.
    public func payload() async throws(AskFailure) -> XMLElement? { try await result().get() }
}

/// Asking the component: an IQ set with one payload, and its result. Tests answer by hand.
public protocol ComponentConversation: Sendable {
    /// Sends the payload at once, behind all that was posted before.
    func post(_ payload: Element) -> PendingAnswer
}

extension ComponentConversation {
    /// Sends the payload and waits for the result's payload.
    public func ask(_ payload: Element) async throws(AskFailure) -> XMLElement? {
        try await post(payload).payload()
    }
}

/// The conversation over a live connection, in XML or wholly in JSON.
public struct ClientConversation: ComponentConversation {
    private let connection: XMPPClientConnection
    private let component: JID
    private let encoding: StanzaEncoding
    private let timeout: Duration

    /// Makes a conversation.
    /// - Parameter encoding: with `.json` each IQ travels inside a container (XEP-0295), and so does its answer.
    public init(
        _ connection: XMPPClientConnection, component: JID, encoding: StanzaEncoding = .xml,
        timeout: Duration = .seconds(30)
    ) {
        self.connection = connection
        self.component = component
        self.encoding = encoding
        self.timeout = timeout
    }

    public func post(_ payload: Element) -> PendingAnswer {
        var stanza = OutgoingStanza.iq(.set, id: nil, to: component, payload)
        stanza.encoding = encoding
        let request = connection.post(stanza, to: component, timeout: timeout)
        let encoding = encoding
        return PendingAnswer(isSent: !request.isRefused) {
            do throws(AskFailure) { return .success(try await Self.answer(to: request, encoding)) } catch {
                return .failure(error)
            }
        }
    }

    private static func answer(
        to request: PostedRequest, _ encoding: StanzaEncoding
    ) async throws(AskFailure) -> XMLElement? {
        let answer: Stanza
        do throws(ClientError) { answer = try await request.answer() } catch {
            if let stanzaError = error.stanzaError { throw .refused(stanzaError) }
            throw .unanswered(error.sentence)
        }
        guard encoding == .json else { return answer.payload }
        let inner: Stanza
        do throws(StanzaError) { inner = try JSONStanza.unwrap(answer) } catch {
            throw .unanswered("the answer is not in JSON: \(error)")
        }
        guard inner.type == "error" else { return inner.payload }
        throw .refused(inner.error ?? StanzaError(.undefinedCondition))
    }
}
