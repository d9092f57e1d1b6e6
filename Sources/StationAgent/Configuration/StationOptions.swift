// SPDX-License-Identifier: Apache-2.0
import StationSettings

/// The options of `station run`; each stands here once.
public enum StationOptions {
    /// All of them, in the order of the annotated file `Config/station.yaml`.
    public static let program = ProgramOptions(
        prefix: "STATION",
        heading: "SPDX-License-Identifier: Apache-2.0\nConfiguration of `station run`: every option with its default.",
        options: identity + connection + report + place + update + log)

    private static let identity: [Option] = [
        Option(
            "identity.directory", .text, "/var/lib/station",
            "The folder with keys, certificates, state and spool, as `station engrave` made it.")
    ]

    private static let connection: [Option] = [
        Option(
            "connection.host", .text, "",
            "Where the server of the stations host listens; empty: the domain of the station's own address."),
        Option("connection.port", .integer(1...65535), "5222", "The port of that server."),
        Option(
            "connection.onboardingHost", .text, "",
            "Where the server of the onboarding host listens; empty: as connection.host, or that host's own name."),
        Option("connection.onboardingPort", .integer(0...65535), "0", "The port of that server; 0: as connection.port."),
        Option(
            "connection.security", .word(["starttls", "tls"]), "starttls",
            "How the link is protected: STARTTLS on the usual port, or TLS from the first byte."),
        Option(
            "connection.trust", .text, "system",
            "Who vouches for the server: system, the path of a PEM file, or loopback (anyone, on this machine only)."),
        Option(
            "connection.component", .text, "",
            "The address of the Stationmaster; empty: the one that engraved this station."),
        Option(
            "connection.encoding", .word(["xml", "json"]), "xml",
            "How IQs to the component are written: as XML, or wholly as JSON in a container (XEP-0295)."),
    ]

    private static let report: [Option] = [
        Option(
            "report.interval", .number(0...86_400), "0", unit: "seconds",
            "How often the station reports; 0: as often as the component asks for."),
        Option(
            "report.window", .integer(1...64), "16", unit: "reports",
            "How many reports may be on their way without an acknowledgement."),
        Option(
            "spool.bytes", .integer(65_536...(1 << 40)), "16777216", unit: "bytes",
            "How much is kept while the link is down; beyond it the oldest goes and the next report tells of the gap."),
    ]

    private static let place: [Option] = [
        Option("position.latitude", .number(-90...90), "48.2", unit: "degrees north", "Where the station stands."),
        Option("position.longitude", .number(-180...180), "16.4", unit: "degrees east", "Where the station stands."),
        Option("position.altitude", .number(-430...9000), "180", unit: "metres", "How high above the sea it stands."),
        Option("position.announce", .boolean, "false", "Whether the component is told the position."),
        Option("weather.seed", .integer(0...Int.max), "1", "The seed of the built-in weather."),
    ]

    private static let update: [Option] = [
        Option(
            "firmware.version", .text, "1.0.0",
            "What runs before the first update; afterwards the station knows for itself."),
        Option("firmware.sequence", .integer(0...(1 << 52)), "1", "The sequence number of that firmware."),
        Option(
            "update.install", .list, "",
            "The command that installs an artifact, run without a shell; {artifact} is its path. None refuses updates."),
        Option(
            "update.installTimeout", .integer(1...86_400), "600", unit: "seconds",
            "How long that command may take before it is ended and the update fails."),
        Option(
            "update.running", .list, "",
            "A command that prints the version and the sequence now running; none trusts the install command."),
        Option(
            "update.quietHours", .text, "",
            "HH:MM-HH:MM in UTC in which no update is begun, unless the whole window lies within; empty: none."),
        Option(
            "update.artifactBytes", .integer(1...(1 << 40)), "536870912", unit: "bytes",
            "The largest artifact that is fetched."),
        Option("update.allowFiles", .boolean, "true", "Whether artifacts may come from file: addresses."),
    ]

    private static let log: [Option] = [
        Option(
            "log.level", .word(["trace", "debug", "info", "notice", "warning", "error"]), "info",
            "The least weighty lines that are written to standard error.")
    ]
}
