// SPDX-License-Identifier: Apache-2.0
import Foundation
import StationDigest
import StationPKI
import XMPPCore

/// What `stationmaster init` makes: configuration, component secret, the maker's and the owner's CA, the director's key.
public struct Setup {
    /// The component's domain.
    public var domain: String
    /// Where everything is written; made if it is not there.
    public var folder: String
    /// Name or address of the XMPP server.
    public var serverHost: String
    /// The server's component port.
    public var serverPort: Int
    /// XMPP domains from which units may be engraved.
    public var factoryHosts: [String]
    /// XMPP domain for engraved identities.
    public var onboardingHost: String
    /// XMPP domain for operational identities.
    public var stationsHost: String
    /// The owner's name, as it stands in certificates.
    public var owner: String
    /// Whether files that are there already are replaced. Replacing a CA makes every station's identity worthless.
    public var overwriting: Bool
    /// The folder of the store; made if it is not there. Nil: beside the configuration.
    public var stateFolder: String?
    /// The folder of the control socket; made if it is not there. Nil: beside the configuration.
    public var runtimeFolder: String?
    /// Whom files and folders belong to; nil for whoever sets up. For the superuser alone.
    public var user: SystemUser?

    public init(
        domain: String, folder: String, serverHost: String, serverPort: Int, factoryHosts: [String],
        onboardingHost: String, stationsHost: String, owner: String, overwriting: Bool, stateFolder: String? = nil,
        runtimeFolder: String? = nil, user: SystemUser? = nil
    ) {
        self.domain = domain
        self.folder = folder
        self.serverHost = serverHost
        self.serverPort = serverPort
        self.factoryHosts = factoryHosts
        self.onboardingHost = onboardingHost
        self.stationsHost = stationsHost
        self.owner = owner
        self.overwriting = overwriting
        self.stateFolder = stateFolder
        self.runtimeFolder = runtimeFolder
        self.user = user
    }

    /// The domain as servers compare and write it.
    ///
    /// - Throws: ``SetupError`` if it is none.
    public static func domain(_ text: String) throws -> String {
        guard let jid = try? JID(text), jid.isDomain else { throw SetupError("'\(text)' is no XMPP domain") }
        return jid.domain
    }

    /// What was made.
    public struct Result: Sendable {
        /// The configuration file.
        public let configurationPath: String
        /// The secret to give to the server.
        public let secret: String
        /// The CA whose certificates the onboarding host trusts.
        public let makerCertificatePath: String
        /// The CA whose certificates the stations host trusts.
        public let ownerCertificatePath: String
    }

    /// Writes everything, or throws ``SetupError`` before the first file is written.
    public func perform(now: Int64) throws -> Result {
        let domain = try Self.domain(domain)
        let hosts = try (factoryHosts + [onboardingHost, stationsHost]).map(Self.domain)
        for folder in [folder, stateFolder, runtimeFolder].compactMap(\.self) { try make(folder) }
        let names = [
            "stationmaster.yaml", "component.secret", "maker-ca.key", "maker-ca.pem", "maker-ca.crl", "owner-ca.key",
            "owner-ca.pem", "owner-ca.crl", "director.key",
        ]
        if !overwriting, let there = names.first(where: { FileManager.default.fileExists(atPath: path($0)) }) {
            throw SetupError("\(path(there)) is there already; choose another folder, or replace all with --force")
        }
        let secret = Base64URL.encode(try secureRandomBytes(32))
        try write(secret + "\n", "component.secret")
        for (file, name) in [("maker-ca", "Maker CA"), ("owner-ca", "Owner CA")] {
            let authority = try CertificateAuthority.create(
                commonName: "\(owner) \(name)", organization: owner, key: P256PrivateKey(), validYears: 30, now: now)
            try write(authority.keyPEM, file + ".key")
            try publish(authority.certificate.pem, file + ".pem")
            // Good until the component runs: a server that is to look at a list has to have one.
            let list = try authority.crlPEM(revoked: [], number: now - 1, now: now, nextUpdate: now + 30 * 86_400)
            try publish(authority.certificate.pem + list, file + ".crl")
        }
        try write(P256PrivateKey().pem, "director.key")
        var values = [
            "component.domain": domain, "component.serverHost": serverHost, "component.serverPort": String(serverPort),
            "hosts.factory": hosts.dropLast(2).joined(separator: ","), "hosts.onboarding": hosts[hosts.count - 2],
            "hosts.stations": hosts[hosts.count - 1], "owner.name": owner,
        ]
        // The server reads the lists from where its administrator says; here the component may write them.
        for role in ["maker", "owner"] { values["revocation.\(role)List"] = stateFolder.map { $0 + "/\(role)-ca.crl" } }
        values["store.path"] = stateFolder.map { $0 + "/stationmaster.sqlite" }
        values["control.socket"] = runtimeFolder.map { $0 + "/control.socket" }
        try write(StationmasterOptions.all.annotated(values), "stationmaster.yaml")
        try names.forEach { try give(path($0)) }
        return Result(
            configurationPath: path("stationmaster.yaml"), secret: secret, makerCertificatePath: path("maker-ca.pem"),
            ownerCertificatePath: path("owner-ca.pem"))
    }

    private func make(_ folder: String) throws {
        guard !FileManager.default.fileExists(atPath: folder) else { return }
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw SetupError("cannot make the folder \(folder): \(error.localizedDescription)")
        }
        try give(folder)
    }

    private func give(_ path: String) throws {
        guard let user else { return }
        guard chown(path, user.identifier, user.group) == 0 else {
            throw SetupError("cannot give \(path) to \(user.name): \(String(cString: strerror(errno)))")
        }
    }

    private func path(_ name: String) -> String { folder + "/" + name }

    private func write(_ text: String, _ name: String) throws {
        try Secrets.write(text, to: path(name), overwriting: true)
    }

    private func publish(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path(name)), options: .atomic)
        chmod(path(name), 0o644)
    }
}
