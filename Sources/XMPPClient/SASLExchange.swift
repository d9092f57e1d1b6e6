// SPDX-License-Identifier: Apache-2.0
import StationDigest
import XMPPCore
import XMPPTransport

/// A login (RFC 6120 §6) by the best mechanism that our credentials and the server's offer allow, as a value.
struct SASLExchange: Sendable {
    /// What to do next.
    enum Step: Hashable, Sendable {
        /// Answer with these bytes (Base64 is put on by the caller).
        case respond(String)
        /// Compute, then tell ``derived(_:)``.
        case derive(SCRAM.Derivation)
    }

    private enum State: Sendable {
        case simple
        case scramStarted(SCRAM)
        case scramDeriving(SCRAM)
        case scramAnswered(SCRAM)
        case scramVerified
    }

    /// The mechanism's registered name.
    let mechanism: String
    /// What goes with `<auth/>`: nil for nothing, empty for `=`.
    let initialResponse: String?
    private var state: State

    /// - Parameters:
    ///   - offered: the mechanisms of the server.
    ///   - nonce: for SCRAM.
    init(
        _ credentials: ClientConfiguration.Credentials, jid: JID, offered: [String], nonce: String
    ) throws(ClientError) {
        switch credentials {
        case .certificate:
            guard offered.contains("EXTERNAL") else {
                throw Self.notOffered(
                    "by certificate; it may not have accepted ours, or it is not set up for this", offered)
            }
            (mechanism, initialResponse, state) = ("EXTERNAL", "", .simple)
        case .anonymous:
            guard offered.contains("ANONYMOUS") else { throw Self.notOffered("without an account", offered) }
            (mechanism, initialResponse, state) = ("ANONYMOUS", nil, .simple)
        case .password(let password):
            guard let hash = [SCRAM.Hash.sha256, .sha1].first(where: { offered.contains($0.rawValue) }) else {
                throw Self.notOffered("by SCRAM-SHA-256 or SCRAM-SHA-1", offered)
            }
            guard let localpart = jid.localpart, let prepared = PreparedPassword(password) else {
                throw ClientError(.configuration, "\(jid) cannot log in with a password")
            }
            let scram = SCRAM(hash, username: localpart, password: prepared, nonce: nonce)
            (mechanism, initialResponse, state) = (hash.rawValue, scram.first, .scramStarted(scram))
        }
    }

    private static func notOffered(_ what: String, _ offered: [String]) -> ClientError {
        let list = offered.isEmpty ? "nothing" : LogText.safe(offered.prefix(16).joined(separator: ", "))
        return ClientError(
            .authentication(condition: "invalid-mechanism"),
            "the server offers no login \(what) (it offers \(list))")
    }

    /// The server's `<challenge/>`, decoded.
    mutating func challenged(_ text: String) throws(ClientError) -> Step {
        switch state {
        case .scramStarted(var scram):
            let derivation = try scram.challenged(text)
            state = .scramDeriving(scram)
            return .derive(derivation)
        case .scramAnswered(let scram):
            // Some servers send the proof as a last challenge (RFC 6120 §6.4.5).
            try scram.verify(text)
            state = .scramVerified
            return .respond("")
        case .simple, .scramDeriving, .scramVerified:
            throw .violation("sent a challenge that \(mechanism) does not have")
        }
    }

    /// The derivation is done. Nil if none was asked for.
    mutating func derived(_ saltedPassword: [UInt8]) -> Step? {
        guard case .scramDeriving(var scram) = state else { return nil }
        let final = scram.final(saltedPassword: saltedPassword)
        state = .scramAnswered(scram)
        return .respond(final)
    }

    /// The server's `<success/>` with what it holds, decoded; nil if it is empty.
    func succeeded(_ text: String?) throws(ClientError) {
        switch state {
        case .simple, .scramVerified: return
        case .scramAnswered(let scram): try scram.verify(text ?? "")
        case .scramStarted, .scramDeriving: throw .violation("let us in before the login was complete")
        }
    }
}
