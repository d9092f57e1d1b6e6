// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// The fuzzers, in a package of their own, since their flags would make the product unusable as a dependency.
///
/// `Modules` are links to the targets that are fuzzed: built here, they are watched by libFuzzer and AddressSanitizer,
/// and none of the other packages are needed. Of `XMPPTransport` there are the files that read and write without NIO.
let watched: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .unsafeFlags(["-sanitize=fuzzer,address", "-parse-as-library"]),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Modules/\(name)", swiftSettings: watched)
}

let package = Package(
    name: "fuzzing",
    targets: [
        .systemLibrary(name: "CStationExpat", path: "Modules/CStationExpat", pkgConfig: "expat"),
        .systemLibrary(name: "CStationOpenSSL", path: "Modules/CStationOpenSSL", pkgConfig: "openssl"),
        module("XMLStream", ["CStationExpat"]),
        module("StationJSON"),
        module("StationDigest", ["CStationOpenSSL"]),
        module("XMPPCore", ["XMLStream", "StationJSON"]),
        module("XMPPTransport"),
        module("StationModel", ["StationJSON"]),
        module("StationProtocol", ["XMPPCore", "StationModel", "StationDigest"]),
        .target(name: "Bodies", dependencies: ["StationProtocol", "XMPPTransport"], path: "Bodies", swiftSettings: watched),
        .executableTarget(
            name: "Fuzz", dependencies: ["Bodies"], path: "Fuzz", swiftSettings: watched,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]),
    ],
    swiftLanguageModes: [.v6]
)
