// SPDX-License-Identifier: Apache-2.0
import DeviceManagement
import StationDigest
import StationJSON
import StationModel
import StationPKI
import StationProtocol
import XMLStream
import XMPPCore

/// A station on the bench: plays the station's side of the use cases, step by step.
public final class TestStation {
    /// Where it plays.
    public let bench: TestBench
    /// Its serial.
    public let serial: Serial
    /// The engraved key.
    public let identityKey: P256PrivateKey
    /// The key of the LDevID.
    public let operationalKey: P256PrivateKey
    /// The engraved chain in DER; empty before engraving.
    public var identityChain: [[UInt8]] = []
    /// How its IQs travel.
    public var encoding = StanzaEncoding.xml
    private var count = 0
    /// The highest number that it has reported.
    public private(set) var seq: Int64 = 0

    public init(_ bench: TestBench, _ serial: String) throws {
        self.bench = bench
        self.serial = try Serial(serial)
        identityKey = try P256PrivateKey()
        operationalKey = try P256PrivateKey()
    }

    /// Its full JID in the factory.
    public var factoryJID: JID { get throws { try JID("\(serial.folded)@\(TestBench.factoryHost)/unit") } }
    /// Its full JID on the onboarding host.
    public var onboardingJID: JID { get throws { try JID("\(serial.folded)@\(TestBench.onboardingHost)/agent") } }
    /// Its full JID in service.
    public var jid: JID { get throws { try JID("\(serial.folded)@\(TestBench.stationsHost)/agent") } }

    /// The inner element's error condition, or `nil` for a result.
    public static func condition(_ answer: Element?) -> String? {
        guard let answer, answer["type"] == "error" else { return nil }
        for child in answer.elements where child.name.local == "error" { return StanzaError(child)?.condition.rawValue }
        return "error without a condition"
    }

    /// Sends an IQ set with this payload and returns the answer.
    public func ask(from: JID, _ payload: Element) throws -> Element? {
        count += 1
        let id = "\(serial.folded)-\(count)"
        var stanza = OutgoingStanza.iq("set", id: id, from: from, to: try JID(TestBench.domain), payload)
        stanza.encoding = encoding
        guard let answer = bench.ask(stanza) else { return nil }
        guard encoding == .json, answer["type"] == "result" else { return answer }
        return try Self.unwrap(answer)
    }

    /// The stanza inside a XEP-0295 container.
    public static func unwrap(_ answer: Element) throws -> Element? {
        guard let container = answer.firstChild(JSONStanza.name)?.firstChild(JSONContainer.name),
            let text = try JSONDocument(container.text).root["s"]?.string
        else { return nil }
        return try parseFragment(Array(text.utf8), defaultNamespace: Namespaces.component, limits: XMLLimits()).element
    }

    /// The JSON document of a payload in an answer.
    public static func json(_ answer: Element?, _ kind: XMLName) throws -> JSONValue? {
        guard let text = answer?.firstChild(kind)?.firstChild(JSONContainer.name)?.text else { return nil }
        return try JSONDocument(text).root
    }

    // MARK: - UC007-1

    /// UC007-1: asks, proves, and unless told otherwise confirms. Returns the last answer.
    @discardableResult
    public func engrave(model: String = "WX1", hardware: String = "rev-b", release: Bool = true) throws -> Element? {
        let request = Engrave(
            serial: serial, model: model, hardware: hardware, publicKey: identityKey.publicKey.point)
        let challenge = try ask(from: factoryJID, request.element)
        guard let json = try Self.json(challenge, ChallengePayload.xmlName) else { return challenge }
        let message = try ChallengePayload.decode(json).message
        let answer = try ask(
            from: factoryJID, Prove(message: message, signature: identityKey.sign(message)).element)
        guard let json = try Self.json(answer, Engraved.xmlName) else { return answer }
        identityChain = try Engraved.decode(json).certificates
        guard release, let leaf = identityChain.first else { return answer }
        return try ask(
            from: factoryJID, Release(serial: serial, certificate: Hex.encode(Digest.sha256(leaf))).element)
    }

    // MARK: - UC007-2

    /// UC007-2 on the onboarding host, with another key if the test wants a wrong proof. Returns the last answer.
    @discardableResult
    public func introduce(signingWith key: P256PrivateKey? = nil) throws -> Element? {
        let request = Introduce(
            serial: serial, firmware: .init(version: "1.0", sequence: 1), certificates: identityChain)
        let challenge = try ask(from: onboardingJID, request.element)
        guard let json = try Self.json(challenge, ChallengePayload.xmlName) else { return challenge }
        let message = try ChallengePayload.decode(json).message
        let csr = try CertificateSigningRequest(key: operationalKey, commonName: serial.description)
        return try ask(
            from: onboardingJID,
            Prove(message: message, signature: (key ?? identityKey).sign(message), csr: csr.der).element)
    }

    /// Logs in with the LDevID; the answer is `online`.
    @discardableResult
    public func logIn(version: String = "1.0", sequence: Int64 = 1) throws -> Element? {
        bench.receive("<presence from='\(try jid)' to='\(TestBench.domain)'/>")
        let request = Introduce(serial: serial, firmware: .init(version: version, sequence: sequence))
        return try ask(from: jid, request.element)
    }

    /// Says that the station goes.
    public func logOut() throws {
        bench.receive("<presence type='unavailable' from='\(try jid)' to='\(TestBench.domain)'/>")
    }

    /// All of UC007-1 and UC007-2.
    public func install() throws {
        _ = try bench.command(
            "batch.open",
            ["name": .string("batch of \(serial)"), "serials": [.string(serial.description)], "model": "WX1", "hours": 8])
        _ = try engrave()
        _ = try bench.command("station.announce", ["serials": [.string(serial.description)]])
        _ = try introduce()
        _ = try logIn()
    }

    // MARK: - Reports

    /// Sends the next report; returns the answer.
    @discardableResult
    public func report(temperature: Double = 21.5, seq: Int64? = nil, from: JID? = nil) throws -> Element? {
        let number = seq ?? self.seq &+ 1
        self.seq = max(self.seq, number)
        return try ask(from: try from ?? jid, Self.report(seq: number, temperature: temperature))
    }

    /// A report with one temperature in degrees Celsius.
    public static func report(seq: Int64, temperature: Double) -> Element {
        Payload.element(
            Report.xmlName,
            text: "{\"seq\":\(seq),\"records\":[{\"n\":\"temperature\",\"u\":\"Cel\",\"v\":\(temperature)}]}")
    }
}
