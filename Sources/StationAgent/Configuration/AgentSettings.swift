// SPDX-License-Identifier: Apache-2.0
import StationProtocol
import StationSettings
import XMPPClient
import XMPPCore

/// How a station reaches its servers.
public struct ConnectionSettings: Sendable {
    /// Name or address of the stations host's server; nil for the domain of the station's own address.
    public var host: String?
    /// Its port.
    public var port = 5222
    /// The same for the onboarding host; nil for ``host``.
    public var onboardingHost: String?
    /// Its port; nil for ``port``.
    public var onboardingPort: Int?
    /// How the link is protected.
    public var security = ClientConfiguration.Security.startTLS
    /// Who vouches for the server.
    public var trustRoots = ClientConfiguration.TrustRoots.system

    /// STARTTLS on port 5222 of the host that the address names.
    public init() {}

    /// Reads `system`, `loopback` or the path of a PEM file.
    public static func trustRoots(_ text: String) -> ClientConfiguration.TrustRoots {
        switch text {
        case "system": .system
        case "loopback": .insecureLoopback
        default: .file(text)
        }
    }

    func client(
        _ jid: JID, onboarding: Bool, credentials: ClientConfiguration.Credentials
    ) -> ClientConfiguration {
        let host = onboarding ? onboardingHost ?? self.host : self.host
        let port = onboarding ? onboardingPort ?? self.port : self.port
        return ClientConfiguration(
            jid: jid, host: host ?? jid.domain, port: port, security: security, credentials: credentials,
            trustRoots: trustRoots, resource: "station")
    }
}

/// How a station takes updates.
public struct UpdateSettings: Sendable {
    /// Installs an artifact; nil refuses updates.
    public var install: InstallCommand?
    /// Prints the version and sequence that run; nil trusts the install command.
    public var running: InstallCommand?
    /// Picks the moment.
    public var moment: any ConvenientMoment = UsualMoment()
    /// The largest artifact, in bytes.
    public var artifactBytes: Int64 = 512 << 20
    /// Whether `file:` addresses are read.
    public var allowsFiles = true

    /// No installer: every offer is refused.
    public init() {}
}

/// Everything an ``Agent`` can be told.
public struct AgentSettings: Sendable {
    /// How it reaches its servers.
    public var connection = ConnectionSettings()
    /// The component; nil for the one that engraved the station.
    public var component: JID?
    /// How IQs to the component travel.
    public var encoding = StanzaEncoding.xml
    /// Seconds between reports; nil for what the component asks for.
    public var interval: Double?
    /// Reports on their way at once.
    public var window = 16
    /// How long an answer of the component is waited for before the request is made again.
    public var answerTimeout = Duration.seconds(10)
    /// What is kept.
    public var spool = SpoolLimits()
    /// Told to the component, if there is one.
    public var position: Introduce.Position?
    /// What runs before the first update.
    public var firmware = InstalledFirmware(version: "1.0.0", sequence: 1)
    /// How updates are taken.
    public var update = UpdateSettings()

    /// The defaults.
    public init() {}

    /// Takes over what configuration says.
    public init(_ settings: Settings) throws(ConfigurationError) {
        func given(_ key: String) -> String? { settings.text(key).isEmpty ? nil : settings.text(key) }
        connection.host = given("connection.host")
        connection.port = settings.integer("connection.port")
        connection.onboardingHost = given("connection.onboardingHost")
        let onboardingPort = settings.integer("connection.onboardingPort")
        connection.onboardingPort = onboardingPort == 0 ? nil : onboardingPort
        connection.security = settings.text("connection.security") == "tls" ? .directTLS : .startTLS
        connection.trustRoots = ConnectionSettings.trustRoots(settings.text("connection.trust"))
        if let text = given("connection.component") {
            do throws(JIDError) { component = try JID(text) } catch {
                throw settings.error("connection.component", "'\(text)' is no address")
            }
        }
        encoding = settings.text("connection.encoding") == "json" ? .json : .xml
        interval = settings.number("report.interval") > 0 ? settings.number("report.interval") : nil
        window = settings.integer("report.window")
        spool.bytes = settings.integer("spool.bytes")
        if settings.boolean("position.announce") {
            position = Introduce.Position(
                latitude: settings.number("position.latitude"), longitude: settings.number("position.longitude"),
                altitude: settings.number("position.altitude"))
        }
        guard let version = given("firmware.version") else { throw settings.error("firmware.version", "is empty") }
        firmware = InstalledFirmware(version: version, sequence: Int64(settings.integer("firmware.sequence")))
        try readUpdate(settings)
    }

    private mutating func readUpdate(_ settings: Settings) throws(ConfigurationError) {
        let timeout = Duration.seconds(settings.integer("update.installTimeout"))
        update.install = try Self.command("update.install", settings, timeout)
        update.running = try Self.command("update.running", settings, timeout)
        update.artifactBytes = Int64(settings.integer("update.artifactBytes"))
        update.allowsFiles = settings.boolean("update.allowFiles")
        let hours = settings.text("update.quietHours")
        guard let quiet = hours.isEmpty ? nil : QuietHours(hours) else {
            if hours.isEmpty { return }
            throw settings.error("update.quietHours", "'\(hours)' is not HH:MM-HH:MM")
        }
        update.moment = UsualMoment(quietHours: quiet)
    }

    private static func command(
        _ key: String, _ settings: Settings, _ timeout: Duration
    ) throws(ConfigurationError) -> InstallCommand? {
        let words = settings.list(key)
        guard let program = words.first else { return nil }
        guard program.hasPrefix("/") else { throw settings.error(key, "begins with an absolute path, not '\(program)'") }
        return InstallCommand(words, timeout: timeout)
    }
}
