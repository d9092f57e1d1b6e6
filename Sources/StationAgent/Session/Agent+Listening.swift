// SPDX-License-Identifier: Apache-2.0
import Logging
import StationProtocol
import XMLStream
import XMPPClient
import XMPPCore

/// Answering what comes of its own accord.
extension Agent {
    /// Answers until the connection ends or the task is cancelled.
    nonisolated func listen(_ connection: XMPPClientConnection) async -> Result<Bool, AgentError> {
        let router = makeRouter()
        for await stanza in connection.incoming {
            guard let answer = await answer(stanza, router) else { continue }
            do throws(ClientError) { try await connection.send(answer) } catch { break }
        }
        if let end = connection.end { return .failure(AgentError(.unreachable, end.sentence)) }
        return .success(false)
    }

    nonisolated func makeRouter() -> Router {
        var router = Router()
        router.identity(category: "device", type: "sensor", name: serial.description)
        router.identity(category: "client", type: "bot", name: serial.description)
        router.decide(.get, DiscoInfo.payload) { stanza, router in
            let node = stanza.payload?.attribute("node")
            return .result(DiscoInfo(node: node, identities: router.identities, features: router.features).element)
        }
        let now = environment.now
        let version = identity.state.firmware?.version ?? settings.firmware.version
        let uptime = self.uptime
        let features: [any Feature] = [
            Ping(), SoftwareVersion(name: "Stationmaster station", version: version),
            EntityTime(now: { now().milliseconds }), JSONContainer(), JSONStanza(),
            LastActivity(uptime: { [weak self] in self?.uptime ?? uptime }),
        ]
        for feature in features {
            do throws(RouterError) { try add(feature, to: &router) } catch {
                logger.error("feature left out", metadata: ["reason": "\(error)"])
            }
        }
        router.forward(.set, Update.xmlName)
        return router
    }

    private nonisolated func add(_ feature: some Feature, to router: inout Router) throws(RouterError) {
        try router.add(feature)
    }

    /// The answer to a stanza, if it gets one.
    nonisolated func answer(_ stanza: Stanza, _ router: Router) async -> OutgoingStanza? {
        switch router.route(stanza) {
        case .reply(let reply): return reply
        case .ignore: return nil
        case .core(let stanza):
            switch stanza.kind {
            case .presence: return answerPresence(stanza)
            case .iq: return await answerRequest(stanza)
            case .message: return nil
            }
        }
    }

    /// The component may see whether the station is on line; nobody else may.
    private nonisolated func answerPresence(_ stanza: Stanza) -> OutgoingStanza? {
        guard stanza.type == "subscribe", let from = stanza.from else { return nil }
        return .presence(type: from.domain == component.domain ? "subscribed" : "unsubscribed", to: from.bare)
    }

    private nonisolated func answerRequest(_ stanza: Stanza) async -> OutgoingStanza? {
        guard stanza.request == .set, let payload = stanza.payload, payload.isNamed(Update.xmlName) else { return nil }
        // The signatures decide, but strangers are not even to make the station verify them.
        guard stanza.from == component else { return stanza.error(StanzaError(.forbidden, "not allowed")) }
        do throws(StanzaError) {
            let offer = try Update.decode(payload)
            do throws(AgentError) {
                return stanza.result(try await offered(offer).element)
            } catch {
                logger.error("offer not taken", metadata: ["reason": "\(error)"])
                return stanza.error(StanzaError(.resourceConstraint, "the station cannot take it now"))
            }
        } catch {
            return stanza.error(error)
        }
    }
}
