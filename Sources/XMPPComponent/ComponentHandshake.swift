// SPDX-License-Identifier: Apache-2.0
import StationDigest
import XMLStream
import XMPPCore
import XMPPTransport

/// The handshake of XEP-0114 §3 as a value: events in, actions out; no socket, no clock.
struct ComponentHandshake: Sendable {
    /// What to do next.
    enum Action: Hashable, Sendable {
        /// Open the stream with this tag.
        case open(String)
        case send(String)
        /// The link is up; stanzas may flow.
        case ready
        case fail(ComponentError)
        /// Nothing; the dialogue is over already.
        case ignore
    }

    private enum State: Hashable, Sendable {
        case idle
        case awaitingStreamHeader
        case awaitingReply
        case ready
        case closed
    }

    /// Longer stream ids are refused; servers send some 10 to 40 characters.
    static let longestStreamID = 1024

    private let domain: String
    private let secret: String
    private var state = State.idle

    init(domain: String, secret: String) {
        self.domain = domain
        self.secret = secret
    }

    var isReady: Bool { state == .ready }

    /// The connection is up.
    mutating func connected() -> Action {
        guard state == .idle else { return .ignore }
        state = .awaitingStreamHeader
        return .open(StreamOpening.tag(content: Namespaces.component, to: domain))
    }

    /// The server's stream header.
    mutating func opened(name: XMLName, attributes: [String: String]) -> Action {
        switch state {
        case .awaitingStreamHeader: break
        case .closed: return .ignore
        case .idle, .awaitingReply, .ready: return fail(.brokenStream, "the server opened a stream inside a stream")
        }
        guard name == XMLName("stream", Namespaces.streams) else {
            return fail(.notComponentPort, "what answers for \(domain) does not speak XMPP")
        }
        if let namespace = attributes["xmlns"], namespace != Namespaces.component {
            return fail(
                .notComponentPort,
                "the port is none for components (it speaks \(LogText.safe(namespace))); check the port")
        }
        guard let id = attributes["id"], !id.isEmpty, id.utf8.count <= Self.longestStreamID else {
            // A server that refuses the name at once may leave the id out; its stream error says why.
            return .ignore
        }
        state = .awaitingReply
        return .send("<handshake>\(Self.proof(streamID: id, secret: secret))</handshake>")
    }

    /// SHA-1 of the stream's id and the secret, in lower-case hexadecimal digits.
    static func proof(streamID: String, secret: String) -> String {
        Hex.encode(Digest.sha1(Array((streamID + secret).utf8)))
    }

    /// A complete element below the stream header.
    mutating func received(_ element: Element) -> Action {
        if let error = StreamError(element) {
            guard state != .closed else { return .ignore }
            let isEarly = state != .ready
            state = .closed
            return .fail(.stream(error, domain: domain, duringHandshake: isEarly))
        }
        switch state {
        case .awaitingReply:
            guard element.name == XMLName("handshake", Namespaces.component) else {
                return fail(.brokenStream, "the server sent something else than the answer to the handshake")
            }
            state = .ready
            return .ready
        case .awaitingStreamHeader:
            return fail(.notComponentPort, "the server opened the stream for \(domain) without an id; check the port")
        case .idle, .ready, .closed:
            return .ignore
        }
    }

    /// The server ended the stream or the connection.
    mutating func ended() -> Action {
        switch state {
        case .idle, .awaitingStreamHeader:
            return fail(.closed, "the server closed the connection before the handshake")
        case .awaitingReply:
            // ejabberd and others say nothing more when the digest is wrong.
            state = .closed
            return .fail(.secretRefused(domain))
        case .ready:
            return fail(.closed, "the server closed the connection")
        case .closed:
            return .ignore
        }
    }

    private mutating func fail(_ code: ComponentError.Code, _ sentence: String) -> Action {
        state = .closed
        return .fail(ComponentError(code, sentence))
    }
}
