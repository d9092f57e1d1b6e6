// SPDX-License-Identifier: Apache-2.0

/// One target, what it is for and what its files import. `Architecture.md` shows the same table.
struct ImportRow: Sendable, CustomStringConvertible {
    let target: String
    let purpose: String
    /// Targets of this package.
    let ours: Set<String>
    /// Everything else but the modules that come with every Swift file.
    let others: Set<String>

    var description: String { target }

    init(_ target: String, _ purpose: String, _ ours: String = "", others: String = "") {
        self.target = target
        self.purpose = purpose
        self.ours = Set(ours.split(separator: " ").map(String.init))
        self.others = Set(others.split(separator: " ").map(String.init))
    }
}

/// Who imports whom, from the bottom to the top: a target imports only what stands above it here.
enum ImportTable {
    static let rows: [ImportRow] = [
        ImportRow("CStationExpat", "system library: expat"),
        ImportRow("CStationOpenSSL", "system library: OpenSSL 3, with shims for its macros"),
        ImportRow("CStationMemory", "how the process uses the heap of the C library"),
        ImportRow("XMLStream", "bytes to elements and back: parser, arena, writer, limits", "CStationExpat"),
        ImportRow("StationJSON", "strict JSON: validating scanner, tape, writer, shapes and their JSON Schema"),
        ImportRow("StationDigest", "hashes, HMAC, PBKDF2, random bytes, Base64 and hex", "CStationOpenSSL"),
        ImportRow("StationSettings", "options of a program: YAML, environment, annotated file", others: "Foundation Yams"),
        ImportRow(
            "XMPPCore", "JIDs, stanzas, errors, router; one file for each extension; no I/O, no clock",
            "StationJSON XMLStream", others: "Foundation"),
        ImportRow(
            "XMPPTransport", "what both ends of a stream share: framing, TLS, keep-alive, send queue, request table",
            "StationDigest XMLStream XMPPCore", others: "NIOCore NIOSSL"),
        ImportRow(
            "XMPPComponent", "the component's side of a server (XEP-0114)",
            "StationDigest XMLStream XMPPCore XMPPTransport", others: "Logging NIOCore NIOPosix"),
        ImportRow(
            "XMPPClient", "the client's side: STARTTLS, SASL, bind, reconnection",
            "StationDigest XMLStream XMPPCore XMPPTransport", others: "Logging NIOCore NIOPosix"),
        ImportRow("StationModel", "words that all share: serial, time, state, SenML", "StationJSON"),
        ImportRow(
            "StationProtocol", "the kinds of payload with their registry, and the domain events",
            "StationDigest StationJSON StationModel XMLStream XMPPCore"),
        ImportRow("Governance", "who may see what: pure functions", "StationModel"),
        ImportRow(
            "StationPKI", "keys, certificates, requests, revocation lists, signed envelopes",
            "CStationOpenSSL StationDigest"),
        ImportRow(
            "StationCore", "the core: inbox, batches, one transaction each, effects, timers, hash-chained log",
            "StationDigest StationJSON StationModel StationProtocol XMLStream XMPPCore", others: "Foundation Logging"),
        ImportRow(
            "DeviceManagement", "engraving, onboarding, presence, jobs, updates, registry",
            "StationCore StationDigest StationJSON StationModel StationPKI StationProtocol XMLStream XMPPCore"),
        ImportRow(
            "InformationServices", "reports, subscriptions, feeds, history, grants, twins",
            "Governance StationCore StationJSON StationModel StationProtocol XMLStream XMPPCore"),
        ImportRow(
            "StationStore", "SQLite: implements the store protocols of the core and of both domains",
            "DeviceManagement Governance InformationServices StationCore StationJSON StationModel XMPPCore",
            others: "Foundation GRDB GRDBSQLite"),
        ImportRow(
            "Stationmaster", "the component to run or embed: composition, configuration, service, control socket",
            """
            CStationMemory DeviceManagement InformationServices StationCore StationDigest StationJSON StationModel StationPKI \
            StationProtocol StationSettings StationStore XMLStream XMPPComponent XMPPCore
            """, others: "Foundation Logging NIOCore NIOPosix ServiceLifecycle"),
        ImportRow(
            "StationAgent", "the station's side as a library",
            """
            StationDigest StationJSON StationModel StationPKI StationProtocol StationSettings XMLStream XMPPClient \
            XMPPCore XMPPTransport
            """, others: "Foundation FoundationNetworking Logging NIOCore NIOPosix"),
        ImportRow(
            "StationTesting", "the test kit: bench, virtual clock, a station that plays the use cases",
            """
            DeviceManagement InformationServices StationCore StationDigest StationJSON StationModel StationPKI \
            StationProtocol Stationmaster XMLStream XMPPComponent XMPPCore
            """, others: "Foundation Logging"),
        ImportRow(
            "stationmaster-command", "the program `stationmaster`",
            """
            StationAgent StationCore StationDigest StationJSON StationModel StationPKI StationProtocol StationSettings \
            StationStore Stationmaster XMLStream XMPPClient XMPPComponent XMPPCore
            """, others: "ArgumentParser Foundation Logging NIOPosix ServiceLifecycle"),
        ImportRow(
            "station-command", "the program `station`", "StationAgent StationJSON StationSettings XMPPClient XMPPCore",
            others: "ArgumentParser Foundation"),
    ]

    /// Modules of the language and the platform that are imported freely.
    static let everywhere: Set<String> = ["Darwin", "Glibc", "Musl", "Swift", "Synchronization"]

    /// Libraries that belong to one target, or to one and the program on top of it.
    static let owners: [(library: String, targets: Set<String>)] = [
        ("CStationExpat", ["XMLStream"]),
        ("CStationOpenSSL", ["StationDigest", "StationPKI"]),
        ("Yams", ["StationSettings"]),
        ("GRDB", ["StationStore"]),
        ("GRDBSQLite", ["StationStore"]),
        ("NIOSSL", ["XMPPTransport"]),
        ("ServiceLifecycle", ["Stationmaster", "stationmaster-command"]),
        ("ArgumentParser", ["stationmaster-command", "station-command"]),
    ]

    static let heading = "| Target | Purpose | Imports (ours) | Imports (others) |"

    /// As it stands in `Architecture.md`.
    static var markdown: String {
        let lines = rows.map { row in
            "| `\(row.target)` | \(row.purpose) | \(names(row.ours)) | \(names(row.others)) |\n"
        }
        return heading + "\n|---|---|---|---|\n" + lines.joined()
    }

    private static func names(_ set: Set<String>) -> String {
        set.isEmpty ? "–" : set.sorted().map { "`\($0)`" }.joined(separator: ", ")
    }
}
