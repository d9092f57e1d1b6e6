// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// The house rules for every target of ours: warnings do not pass.
let house: [SwiftSetting] = [.treatAllWarnings(as: .error)]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: house)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: house)
}

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "Logging", package: "swift-log"),
]

let package = Package(
    name: "stationmaster",
    products: [
        .library(name: "Stationmaster", targets: ["Stationmaster"]),
        .library(name: "StationAgent", targets: ["StationAgent"]),
        .library(name: "XMPPComponent", targets: ["XMPPComponent"]),
        .library(name: "XMPPClient", targets: ["XMPPClient"]),
        .library(name: "StationTesting", targets: ["StationTesting"]),
        .executable(name: "stationmaster", targets: ["stationmaster-command"]),
        .executable(name: "station", targets: ["station-command"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.80.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.30.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.8.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.5.0"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.4.0"),
    ],
    targets: [
        // System libraries
        .systemLibrary(name: "CStationExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),
        .systemLibrary(name: "CStationOpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),

        .systemLibrary(name: "CStationMemory"),

        // Bytes
        library("XMLStream", ["CStationExpat"]),
        library("StationJSON"),
        library("StationDigest", ["CStationOpenSSL"]),
        library("StationSettings", [.product(name: "Yams", package: "Yams")]),

        // XMPP
        library("XMPPCore", ["XMLStream", "StationJSON"]),
        library(
            "XMPPTransport",
            ["XMPPCore", "StationDigest", .product(name: "NIOSSL", package: "swift-nio-ssl")] + nio),
        library("XMPPComponent", ["XMPPTransport", "StationDigest"] + nio),
        library("XMPPClient", ["XMPPTransport", "StationDigest"] + nio),

        // Words and domains
        library("StationModel", ["StationJSON"]),
        library("StationProtocol", ["XMPPCore", "StationModel", "StationDigest"]),
        library("Governance", ["StationModel"]),
        library("StationPKI", ["CStationOpenSSL", "StationDigest"]),
        library("StationCore", ["StationProtocol", "StationDigest", .product(name: "Logging", package: "swift-log")]),
        library("DeviceManagement", ["StationCore", "Governance", "StationPKI"]),
        library("InformationServices", ["StationCore", "Governance"]),
        library(
            "StationStore",
            [
                "DeviceManagement", "InformationServices",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]),

        // Products
        library(
            "Stationmaster",
            [
                "StationStore", "XMPPComponent", "StationSettings", "CStationMemory",
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        library("StationAgent", ["XMPPClient", "StationProtocol", "StationPKI", "StationSettings"]),
        library("StationTesting", ["Stationmaster"]),
        .executableTarget(
            name: "stationmaster-command",
            dependencies: [
                "Stationmaster", "StationAgent",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: house),
        .executableTarget(
            name: "station-command",
            dependencies: ["StationAgent", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: house),

        // Tests
        .target(name: "LiveServers", path: "Tests/LiveServers", swiftSettings: house),
        tests("XMLStreamTests", ["XMLStream"]),
        tests("StationJSONTests", ["StationJSON"]),
        tests("XMPPCoreTests", ["XMPPCore"]),
        tests("XMPPLinkTests", ["XMPPComponent", "XMPPClient", "LiveServers"]),
        tests("StationPKITests", ["StationPKI", "StationDigest"]),
        tests("StationProtocolTests", ["StationProtocol", "XMPPTransport", "Governance"]),
        tests("StationmasterTests", ["Stationmaster", "StationTesting"] + nio),
        tests("TranscriptTests", ["StationTesting", "XMPPClient", "LiveServers"] + nio),
        tests("StationAgentTests", ["StationAgent"]),
        tests("CommandTests", ["stationmaster-command", "station-command"]),
        tests("TidyTests", ["StationTesting"]),
    ],
    swiftLanguageModes: [.v6]
)
