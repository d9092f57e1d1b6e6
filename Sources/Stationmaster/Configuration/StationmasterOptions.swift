// SPDX-License-Identifier: Apache-2.0
import StationSettings

/// Every option of the component, once: the annotated `Config/stationmaster.yaml`, the documentation's table
/// and the environment variables are made from this.
public enum StationmasterOptions {
    /// All of them, in the order of the file.
    public static let all = ProgramOptions(
        prefix: "STATIONMASTER",
        heading: """
            Stationmaster: configuration of the component, with every option and its default.
            Paths are relative to the folder of this file.
            """,
        options: component + hosts + keys + revocation + store + retention + limits + traffic + logging)

    private static let component: [Option] = [
        Option("component.domain", .text, nil, "The component's own domain, as the XMPP server knows it."),
        Option("component.serverHost", .text, "127.0.0.1", "Name or address of the XMPP server."),
        Option("component.serverPort", .integer(1...65_535), "5347", "The server's component port."),
        Option(
            "component.serverSocket", .text, "",
            "Unix socket on which the server takes components, instead of host and port (ejabberd: port: \"unix:/path\")."
        ),
        Option(
            "component.tls", .boolean, "false",
            "TLS on the link (ejabberd: tls and certfile at the listener; Prosody: net_multiplex and ssl_ports)."),
        Option(
            "component.trustRoots", .text, "",
            "With TLS: PEM file of the authorities that the server's certificate may come from; empty for the system's."
        ),
        Option(
            "component.serverName", .text, "",
            "With TLS: the name that the server's certificate must hold; empty for serverHost."),
        Option(
            "component.json", .boolean, "false",
            "JSON on the link (XEP-0295); a server that does not read it gets XML."),
        Option(
            "component.secretFile", .text, "component.secret",
            "File that holds the secret shared with the server; readable by its owner only."),
        Option(
            "component.allowPlaintextBeyondLoopback", .boolean, "false",
            "XEP-0114 does not encrypt; allows a link that leaves this machine all the same."),
    ]

    private static let hosts: [Option] = [
        Option("hosts.factory", .list, "", "XMPP domains from which units may be engraved."),
        Option(
            "hosts.onboarding", .text, nil,
            "XMPP domain on which stations log in with their engraved identity (IDevID)."),
        Option(
            "hosts.stations", .text, nil,
            "XMPP domain on which stations log in with their operational identity (LDevID)."),
    ]

    private static let keys: [Option] = [
        Option("owner.name", .text, "owner", "The owner of announced stations when the announcement names none."),
        Option("owner.certificate", .text, "owner-ca.pem", "The owner's CA, which signs operational identities."),
        Option("owner.key", .text, "owner-ca.key", "Its private key; readable by its owner only."),
        Option(
            "owner.trustedMakers", .list, "",
            "Certificates of further makers whose stations the owner accepts (PEM files)."),
        Option("maker.certificate", .text, "maker-ca.pem", "The maker's CA, which signs engraved identities."),
        Option("maker.key", .text, "maker-ca.key", "Its private key; readable by its owner only."),
        Option(
            "maker.enterpriseNumber", .integer(1...4_294_967_295), "32473",
            "Private Enterprise Number in the station's urn:dev:ops name (RFC 9039)."),
        Option(
            "director.key", .text, "director.key", "Signs receipts and update assignments; readable by its owner only."),
    ]

    private static let revocation: [Option] = [
        Option(
            "revocation.ownerList", .text, "owner-ca.crl",
            "The owner's CA with its list of revoked certificates, written for the server; empty for none."),
        Option("revocation.makerList", .text, "maker-ca.crl", "The same for the maker's CA."),
        Option(
            "revocation.listLifetime", .integer(2...365), "30", unit: "days",
            "How long a list is good. It is renewed at half of it; a server with one that has run out lets no station in."),
        Option(
            "revocation.endSession", .boolean, "true",
            "Asks the server to end the sessions of a revoked station (XEP-0133); the component must be an administrator."),
        Option(
            "revocation.reloadServer", .boolean, "true",
            "Asks the server to read its configuration, and the lists with it, when they have changed (Prosody)."),
    ]

    private static let store: [Option] = [
        Option("store.path", .text, "stationmaster.sqlite", "The store; a SQLite database with its log beside it."),
        Option("control.socket", .text, "control.socket", "Unix socket on which the commands talk to the component."),
    ]

    private static let retention: [Option] = [
        Option(
            "information.retention", .integer(0...36_500), "0", unit: "days",
            "How long reports are kept; 0 for ever. Older ones go in files of some 64 MiB."),
        Option(
            "information.retentionBytes", .integer(0...1_125_899_906_842_624), "0", unit: "bytes",
            "How large the log of reports may grow before its oldest files go; 0 for any size."),
    ]

    private static let limits: [Option] = [
        Option(
            "stations.reportInterval", .integer(1...86_400), "60", unit: "seconds",
            "Time between two reports of a station."),
        Option(
            "stations.challengeLifetime", .integer(10...3600), "300", unit: "seconds",
            "How long a challenge may be answered."),
        Option(
            "stations.probesPerSecond", .integer(1...100_000), "2000",
            "How many stations are asked for their presence in a second after the link has come up."),
        Option(
            "stations.jobSilence", .integer(10...86_400), "600", unit: "seconds",
            "How long a station may say nothing about a job before the job is offered again."),
        Option("limits.batchRequests", .integer(1...65_536), "4096", "The most requests that share one transaction."),
        Option(
            "limits.inboxBytes", .integer(1_048_576...4_294_967_296), "67108864", unit: "bytes",
            "Stanzas that wait for the core before reports are refused."),
        Option(
            "limits.queueBytes", .integer(1_048_576...4_294_967_296), "268435456", unit: "bytes",
            "Stanzas that wait for the server."),
    ]

    /// What one bare JID and one domain may send.
    private static let traffic: [Option] = [
        rate("reportsPerSender", "1000", "Reports of one bare JID in a second."),
        burst("reportsPerSender", "20000", "Reports of one bare JID at once, after a rest."),
        rate("reportsPerDomain", "1000000", "Reports of one domain in a second."),
        burst("reportsPerDomain", "4000000", "Reports of one domain at once, after a rest."),
        rate("answersPerSender", "20000", "Answers and acknowledgements of one bare JID in a second."),
        burst("answersPerSender", "200000", "Answers and acknowledgements of one bare JID at once, after a rest."),
        rate("answersPerDomain", "1000000", "Answers and acknowledgements of one domain in a second."),
        burst("answersPerDomain", "4000000", "Answers and acknowledgements of one domain at once, after a rest."),
        rate("controlPerSender", "1000", "Requests, presence and messages of one bare JID in a second."),
        burst("controlPerSender", "5000", "Requests, presence and messages of one bare JID at once, after a rest."),
        rate("controlPerDomain", "100000", "Requests, presence and messages of one domain in a second."),
        burst("controlPerDomain", "2000000", "Requests, presence and messages of one domain at once, after a rest."),
    ]

    private static func rate(_ key: String, _ value: String, _ sentence: String) -> Option {
        Option("limits.\(key)", .integer(1...1_000_000_000), value, sentence)
    }

    private static func burst(_ key: String, _ value: String, _ sentence: String) -> Option {
        Option("limits.\(key)Burst", .integer(1...1_000_000_000), value, sentence)
    }

    private static let logging: [Option] = [
        Option(
            "logging.level", .word(["trace", "debug", "info", "notice", "warning", "error", "critical"]), "info",
            "The least level that is logged, to standard error.")
    ]
}
