// SPDX-License-Identifier: Apache-2.0
import DeviceManagement
import Foundation
import InformationServices
import StationCore
import StationPKI
import StationSettings
import XMPPComponent
import XMPPCore

/// Everything the component needs to run, checked. Made from a file by ``load(path:environment:)``,
/// or by a program that embeds the component.
public struct StationmasterConfiguration: Sendable {
    /// Where and as whom to attach.
    public var component: ComponentConfiguration
    /// What device management needs.
    public var device: DeviceConfiguration
    /// Limits and intervals of information services.
    public var information: InformationConfiguration
    /// Limits of the core.
    public var core: CoreLimits
    /// Path of the SQLite store.
    public var storePath: String
    /// Path of the Unix socket for commands; nil for none.
    public var controlSocket: String?
    /// Where the lists of revoked certificates are written for the server; without a path there is none.
    public var revocationLists: [AuthorityRole: String] = [:]
    /// A word such as `info`.
    public var logLevel = "info"

    public init(
        component: ComponentConfiguration, device: DeviceConfiguration, information: InformationConfiguration,
        storePath: String, controlSocket: String? = nil, core: CoreLimits = CoreLimits()
    ) {
        self.component = component
        self.device = device
        self.information = information
        self.storePath = storePath
        self.controlSocket = controlSocket
        self.core = core
    }

    /// Reads a configuration file and the files it names.
    public static func load(
        path: String, environment: [String: String]
    ) throws(ConfigurationError) -> StationmasterConfiguration {
        let settings = try StationmasterOptions.all.read(path: path, environment: environment)
        let files = ConfigurationFiles(settings: settings, configuration: path)
        let domain = try files.domain("component.domain")
        let component = try files.component()
        var device = DeviceConfiguration(
            domain: domain, factoryHosts: try files.domains("hosts.factory"),
            onboardingHost: try files.domain("hosts.onboarding").domain,
            stationsHost: try files.domain("hosts.stations").domain, owner: settings.text("owner.name"),
            makerAuthority: try files.authority("maker"), ownerAuthority: try files.authority("owner"),
            directorKey: try files.key("director.key"))
        device.trustedMakers += try files.certificates("owner.trustedMakers")
        device.reportInterval = settings.integer("stations.reportInterval")
        device.challengeLifetime = .seconds(settings.integer("stations.challengeLifetime"))
        device.probesPerTick = max(1, settings.integer("stations.probesPerSecond") / 10)
        device.jobSilence = .seconds(settings.integer("stations.jobSilence"))
        device.enterpriseNumber = settings.integer("maker.enterpriseNumber")
        var information = InformationConfiguration()
        let days = settings.integer("information.retention")
        if days > 0 { information.retention = .seconds(days * 86_400) }
        let bytes = settings.integer("information.retentionBytes")
        if bytes > 0 { information.retentionBytes = Int64(bytes) }
        var configuration = StationmasterConfiguration(
            component: component, device: device, information: information,
            storePath: files.path("store.path"), controlSocket: try files.socket("control.socket"),
            core: files.core())
        files.readRevocation(into: &configuration)
        configuration.logLevel = settings.text("logging.level")
        return configuration
    }
}

/// The files that a configuration names, relative to its own folder.
struct ConfigurationFiles {
    let settings: Settings
    let configuration: String

    /// The link to the server.
    func component() throws(ConfigurationError) -> ComponentConfiguration {
        var component = ComponentConfiguration(
            domain: settings.text("component.domain"), secret: try secret("component.secretFile"),
            host: settings.text("component.serverHost"), port: settings.integer("component.serverPort"))
        if !settings.text("component.serverSocket").isEmpty {
            component.address = .unixSocket(path("component.serverSocket"))
        }
        if settings.boolean("component.tls") {
            let roots = settings.text("component.trustRoots")
            let name = settings.text("component.serverName")
            component.security = .tls(
                trustRoots: roots.isEmpty ? .system : .file(path("component.trustRoots")),
                serverName: name.isEmpty ? nil : name)
        }
        component.framing = settings.boolean("component.json") ? .json : .xml
        component.allowPlaintextBeyondLoopback = settings.boolean("component.allowPlaintextBeyondLoopback")
        component.queueBytes = settings.integer("limits.queueBytes")
        do throws(ComponentConfigurationFault) { try component.check() } catch {
            throw settings.error(error.part.key, error.error.sentence)
        }
        return component
    }

    /// What may wait, and who may send how much.
    func core() -> CoreLimits {
        var core = CoreLimits()
        core.batchRequests = settings.integer("limits.batchRequests")
        core.inboxBytes = settings.integer("limits.inboxBytes")
        func rate(_ key: String) -> RateLimit {
            RateLimit(perSecond: settings.integer("limits.\(key)"), burst: settings.integer("limits.\(key)Burst"))
        }
        core.traffic.reportsPerSender = rate("reportsPerSender")
        core.traffic.reportsPerDomain = rate("reportsPerDomain")
        core.traffic.answersPerSender = rate("answersPerSender")
        core.traffic.answersPerDomain = rate("answersPerDomain")
        core.traffic.controlPerSender = rate("controlPerSender")
        core.traffic.controlPerDomain = rate("controlPerDomain")
        return core
    }

    func path(_ key: String) -> String { path(text: settings.text(key)) }

    private func path(text: String) -> String {
        text.hasPrefix("/")
            ? text
            : URL(fileURLWithPath: configuration).deletingLastPathComponent().appendingPathComponent(text).path
    }

    func domain(_ key: String) throws(ConfigurationError) -> JID { try domain(key, settings.text(key)) }

    private func domain(_ key: String, _ text: String) throws(ConfigurationError) -> JID {
        guard let jid = try? JID(text), jid.isDomain else {
            throw settings.error(key, "'\(text)' is no XMPP domain")
        }
        return jid
    }

    /// Prepared, as they stand in addresses.
    func domains(_ key: String) throws(ConfigurationError) -> [String] {
        var domains: [String] = []
        for text in settings.list(key) { domains.append(try domain(key, text).domain) }
        return domains
    }

    /// The path of a Unix socket of ours.
    func socket(_ key: String) throws(ConfigurationError) -> String {
        let path = path(key)
        guard path.utf8.count <= ComponentServerAddress.longestPath else {
            throw settings.error(
                key, "the path \(path) of a Unix socket is longer than \(ComponentServerAddress.longestPath) bytes")
        }
        return path
    }

    /// How the server learns of revocations, and where the lists for it are written.
    func readRevocation(into configuration: inout StationmasterConfiguration) {
        var revocation = configuration.device.revocation
        revocation.listLifetime = .seconds(settings.integer("revocation.listLifetime") * 86_400)
        revocation.endsSessions = settings.boolean("revocation.endSession")
        revocation.reloadsServer = settings.boolean("revocation.reloadServer")
        configuration.device.revocation = revocation
        for (role, key) in [(AuthorityRole.owner, "revocation.ownerList"), (.maker, "revocation.makerList")]
        where !settings.text(key).isEmpty {
            configuration.revocationLists[role] = path(key)
        }
    }

    /// A file that only its owner may read.
    private func guarded(_ key: String) throws(ConfigurationError) -> String {
        do { return try SecretFile.read(path(key)) } catch { throw settings.error(key, error.description) }
    }

    private func read(_ key: String, _ path: String) throws(ConfigurationError) -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw settings.error(key, "the file \(path) cannot be read")
        }
        return String(decoding: data, as: UTF8.self)
    }

    /// It should have 128 bits, which 22 characters of base64 hold; of a shorter one the link warns.
    func secret(_ key: String) throws(ConfigurationError) -> String {
        let secret = try guarded(key).trimmingCharacters(in: .whitespacesAndNewlines)
        guard !secret.isEmpty else { throw settings.error(key, "the file is empty") }
        return secret
    }

    func key(_ key: String) throws(ConfigurationError) -> P256PrivateKey {
        let pem = try guarded(key)
        do { return try P256PrivateKey(pem: pem) } catch {
            throw settings.error(key, "\(path(key)) is no P-256 private key: \(error)")
        }
    }

    func authority(_ section: String) throws(ConfigurationError) -> CertificateAuthority {
        let certificate = try read("\(section).certificate", path("\(section).certificate"))
        let key = try guarded("\(section).key")
        do { return try CertificateAuthority(certificatePEM: certificate, keyPEM: key) } catch {
            throw settings.error("\(section).certificate", "is no CA with that key: \(error)")
        }
    }

    func certificates(_ key: String) throws(ConfigurationError) -> [Certificate] {
        var certificates: [Certificate] = []
        for name in settings.list(key) {
            let pem = try read(key, path(text: name))
            do { certificates.append(try Certificate(pem: pem)) } catch {
                throw settings.error(key, "\(name) is no certificate: \(error)")
            }
        }
        return certificates
    }
}

extension ComponentConfigurationFault.Part {
    /// The option that sets it.
    fileprivate var key: String {
        switch self {
        case .domain: "component.domain"
        case .secret: "component.secretFile"
        case .host: "component.serverHost"
        case .port: "component.serverPort"
        case .socket: "component.serverSocket"
        case .trustRoots: "component.trustRoots"
        case .serverName: "component.serverName"
        }
    }
}
