// SPDX-License-Identifier: Apache-2.0
import DeviceManagement
import StationDigest
import StationJSON
import StationModel
import StationPKI
import StationProtocol
import XMLStream
import XMPPCore

/// The keys of a play, and what is made with them, since neither can stand in a text file.
///
/// What a play may say is in `Tests/Transcripts/README.md`. Each station has two keys: one that is engraved, and one of
/// its owner's certificate, with which it is in service.
final class KeyChest {
    /// A station's keys, and the chains that the component has given it so far.
    struct Station {
        let engraved: P256PrivateKey
        let operational: P256PrivateKey
        var engravedChain: [[UInt8]] = []
        var operationalChain: [[UInt8]] = []
    }

    private let maker: CertificateAuthority
    private let owner: CertificateAuthority
    private let release: P256PrivateKey
    private let now: () -> Double
    private var stations: [String: Station] = [:]

    init(maker: CertificateAuthority, owner: CertificateAuthority, now: @escaping () -> Double) throws {
        self.maker = maker
        self.owner = owner
        self.now = now
        release = try P256PrivateKey()
    }

    private func station(_ serial: String) throws -> Station {
        let folded = serial.lowercased()
        if let station = stations[folded] { return station }
        let station = Station(engraved: try P256PrivateKey(), operational: try P256PrivateKey())
        stations[folded] = station
        return station
    }

    /// Keeps the certificates that the component gives to a station.
    func learn(from element: Element) {
        if element.name == Engraved.xmlName || element.name == Online.xmlName { take(element) }
        if element.name == JSONStanza.name, let text = element.firstChild(JSONContainer.name)?.text,
            let inner = try? JSONDocument(text).root["s"]?.string,
            let stanza = try? parseFragment(Array(inner.utf8), defaultNamespace: Namespaces.client)
        {
            learn(from: stanza.element)
        }
        for child in element.elements { learn(from: child) }
    }

    private func take(_ payload: Element) {
        guard let text = payload.firstChild(JSONContainer.name)?.text, let json = try? JSONDocument(text).root,
            let serial = json["serial"]?.string, var station = try? station(serial)
        else { return }
        let chain = json["certificates"]?.items.compactMap { $0.string.flatMap(Base64URL.decode) } ?? []
        guard !chain.isEmpty else { return }
        if payload.name == Engraved.xmlName { station.engravedChain = chain } else { station.operationalChain = chain }
        stations[serial.lowercased()] = station
    }

    // MARK: - What a play may say

    /// The value of `{words}`; nil if it is nothing of ours. `before` is the text that stands before it.
    func value(of words: String, names: [String: String], before: String) throws -> String? {
        let all = words.split(separator: " ").map(String.init)
        switch (all.first, all.count) {
        case ("release", 2) where all[1] == "key": return Base64URL.encode(release.publicKey.point)
        case ("in", 3) where all[2] == "s": return Double(all[1]).map { "\(Int64(now() + $0))" }
        case ("manifest", 5) where all[1] == "of" && all[3] == "for": return try manifest(all[2], hardware: all[4])
        case ("nonce", 3) where all[1] == "in":
            guard let bytes = names[all[2]].flatMap(Base64URL.decode) else { return nil }
            return try JSONDocument(bytes).root["nonce"]?.string
        case ("key", 3) where all[1] == "of": return Base64URL.encode(try station(all[2]).engraved.publicKey.point)
        case ("certificate", 3) where all[1] == "of": return Base64URL.encode(try engravedCertificate(all[2]))
        case ("certificate", 4) where words == "certificate of the maker": return Base64URL.encode(maker.certificate.der)
        case ("csr", 3) where all[1] == "of":
            let request = try CertificateSigningRequest(key: station(all[2]).operational, commonName: all[2])
            return Base64URL.encode(request.der)
        case ("signer", 3) where all[1] == "of":
            return try station(all[2]).operational.publicKey.keyIdentifier
        case ("sign(json)", 3) where all[1] == "by": return try signature(ofJSONIn: before, by: all[2])
        case (let call?, 3) where call.hasPrefix("sign(") && all[1] == "by":
            guard let message = argument(call, names) else { return nil }
            return Base64URL.encode(try station(all[2]).engraved.sign(message))
        case (let call?, 1) where call.hasPrefix("sha256("):
            return argument(call, names).map { Hex.encode(Digest.sha256($0)) }
        default: return nil
        }
    }

    /// The bytes of the name in `function(name)`.
    private func argument(_ call: String, _ names: [String: String]) -> [UInt8]? {
        let name = call.drop { $0 != "(" }.dropFirst()
        guard name.last == ")" else { return nil }
        return names[String(name.dropLast())].flatMap(Base64URL.decode)
    }

    /// Over the text of the last `<json/>` before it, as a signature beside a payload is made.
    private func signature(ofJSONIn before: String, by serial: String) throws -> String? {
        guard let end = before.range(of: "</json>", options: .backwards)?.lowerBound,
            let open = before[..<end].range(of: "<json", options: .backwards)?.upperBound,
            let start = before[open..<end].firstIndex(of: ">")
        else { return nil }
        let text = before[before.index(after: start)..<end]
        let key = try station(serial).operational
        return Base64URL.encode(try DetachedSignature.sign(context: "update-status", text: Array(text.utf8), with: key))
    }

    /// The certificate that was engraved; for a station that never was, one that the maker's CA has issued elsewhere.
    private func engravedCertificate(_ serial: String) throws -> [UInt8] {
        try station(serial).engravedChain.first ?? elsewhere(serial, host: "onboarding.localhost").first ?? []
    }

    private func elsewhere(_ serial: String, host: String) throws -> [[UInt8]] {
        let isOnboarding = host.hasPrefix("onboarding.")
        let authority = isOnboarding ? maker : owner
        let station = try station(serial)
        let leaf = try authority.issue(
            publicKey: (isOnboarding ? station.engraved : station.operational).publicKey, commonName: serial,
            serialNumber: serial, xmppAddresses: ["\(serial.lowercased())@\(host)"], uris: [],
            notBefore: authority.certificate.notBefore, notAfter: authority.certificate.notAfter)
        return [leaf.der, authority.certificate.der]
    }

    /// A release of this version, signed with the release key; its sequence is the first number of the version.
    private func manifest(_ version: String, hardware: String) throws -> String {
        let manifest = Manifest(
            id: "wx-\(version)", sequence: Int64(version.prefix { $0.isNumber }) ?? 0, vendor: "Maker", hardware: [hardware],
            version: version, expires: now() + 30 * 86_400,
            artifacts: [
                .init(
                    size: 3, sha256: String(repeating: "a", count: 64),
                    uris: ["https://example.org/wx-\(version).bin"], format: "raw")
            ])
        return try EnvelopeDocument.signed(type: "manifest", payload: manifest.json, role: "release", with: release).json.text
    }

    // MARK: - Logging in

    /// The chain and key with which a station logs in to a host where certificates count, as PEM.
    func login(_ serial: String, host: String) throws -> (chain: String, key: String) {
        let station = try station(serial)
        let isOnboarding = host.hasPrefix("onboarding.")
        var chain = isOnboarding ? station.engravedChain : station.operationalChain
        if chain.isEmpty { chain = try elsewhere(serial, host: host) }
        let key = isOnboarding ? station.engraved : station.operational
        return (try chain.map { try Certificate(der: $0).pem }.joined(), key.pem)
    }
}
