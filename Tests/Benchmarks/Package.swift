// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

// A package of its own, so that whoever builds Stationmaster does not build its benchmarks.
// `Tests/Benchmarks/run` builds it; the C programs beside it are built by the same script.
let package = Package(
    name: "benchmarks",
    dependencies: [
        .package(name: "stationmaster", path: "../.."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    ],
    targets: [
        .executableTarget(
            name: "stationmaster-benchmarks",
            dependencies: [
                .product(name: "Stationmaster", package: "stationmaster"),
                .product(name: "StationTesting", package: "stationmaster"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Sources/Benchmarks",
            swiftSettings: [.treatAllWarnings(as: .error)])
    ],
    swiftLanguageModes: [.v6]
)
