// SPDX-License-Identifier: Apache-2.0
import StationJSON

/// How far a station has come.
public enum IdentityPhase: String, Hashable, Sendable, CaseIterable, Comparable {
    /// The folder exists, a key may exist; the factory has not certified it.
    case factoryNew = "factory-new"
    /// The IDevID certificate is stored; the factory does not know that yet.
    case engraved
    /// The factory knows that the identity is stored: the unit may leave.
    case released
    /// The owner has certified the station; it logs in with its LDevID.
    case installed

    /// The order of life.
    public static func < (left: IdentityPhase, right: IdentityPhase) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .factoryNew: 0
        case .engraved: 1
        case .released: 2
        case .installed: 3
        }
    }
}

/// What firmware runs.
public struct InstalledFirmware: Hashable, Sendable {
    /// For people.
    public var version: String
    /// Grows with every release.
    public var sequence: Int64
    /// SHA-256 (hex) of the manifest it came with; nil for what the factory put there.
    public var manifest: String?

    /// Makes a firmware.
    public init(version: String, sequence: Int64, manifest: String? = nil) {
        self.version = version
        self.sequence = sequence
        self.manifest = manifest
    }
}

/// The content of `state.json`: small, replaced whole, read at start.
public struct IdentityState: Hashable, Sendable {
    /// The serial as given to `engrave`.
    public var serial: String
    /// The model, as given to `engrave`.
    public var model: String
    /// The hardware class, as given to `engrave`; manifests name the classes they fit.
    public var hardware: String
    /// How far the station has come.
    public var phase: IdentityPhase = .factoryNew
    /// The component that engraved, and later installed, this station.
    public var component: String
    /// The address to use from now on, as `online` said; nil before.
    public var address: String?
    /// Which pair of files holds the owner's key and certificate; nil before there is one.
    public var ownerPair: Int64?
    /// The report interval in seconds, as `online` said.
    public var interval: Double?
    /// base64url points of the keys that may sign releases.
    public var releaseKeys: [String] = []
    /// base64url point of the key that assigns updates.
    public var directorKey: String?
    /// The configuration's version, as `online` said.
    public var configurationVersion: Int64 = 0
    /// The configuration's settings.
    public var settings: JSON = .object([])
    /// What runs.
    public var firmware: InstalledFirmware?

    /// A station that is new.
    public init(serial: String, model: String, hardware: String, component: String) {
        self.serial = serial
        self.model = model
        self.hardware = hardware
        self.component = component
    }

    /// As JSON.
    public var json: JSON {
        var members: [JSON.Member] = [
            .init("version", .integer(1)), .init("serial", .string(serial)), .init("model", .string(model)),
            .init("hardware", .string(hardware)), .init("phase", .string(phase.rawValue)),
            .init("component", .string(component)),
            .init("releaseKeys", .array(releaseKeys.map { .string($0) })),
            .init("configuration", .object([
                .init("version", .integer(configurationVersion)), .init("settings", settings),
            ])),
        ]
        if let address { members.append(.init("address", .string(address))) }
        if let ownerPair { members.append(.init("ownerPair", .integer(ownerPair))) }
        if let interval { members.append(.init("interval", .number(interval))) }
        if let directorKey { members.append(.init("directorKey", .string(directorKey))) }
        if let firmware {
            var parts: [JSON.Member] = [
                .init("version", .string(firmware.version)), .init("sequence", .integer(firmware.sequence)),
            ]
            if let manifest = firmware.manifest { parts.append(.init("manifest", .string(manifest))) }
            members.append(.init("firmware", .object(parts)))
        }
        return .object(members)
    }

    /// From JSON; refuses what it did not write.
    public init(json: JSONValue) throws(JSONError) {
        serial = try json.require("serial").requireString()
        model = try json.require("model").requireString()
        hardware = try json.require("hardware").requireString()
        component = try json.require("component").requireString()
        let word = try json.require("phase")
        guard let phase = IdentityPhase(rawValue: try word.requireString()) else {
            throw JSONError(pointer: word.pointer, reason: "is no phase")
        }
        self.phase = phase
        address = json["address"]?.string
        ownerPair = try json["ownerPair"]?.requireInt64(in: 0...(1 << 53)) ?? (phase == .installed ? 0 : nil)
        interval = try json["interval"]?.requireDouble(in: 0...2_678_400)
        for key in try json.require("releaseKeys").requireArray() { releaseKeys.append(try key.requireString()) }
        directorKey = json["directorKey"]?.string
        if let configuration = json["configuration"] {
            configurationVersion = configuration["version"]?.int64 ?? 0
            settings = configuration["settings"]?.json ?? .object([])
        }
        if let firmware = json["firmware"] {
            self.firmware = InstalledFirmware(
                version: try firmware.require("version").requireString(),
                sequence: try firmware.require("sequence").requireInt64(in: 0...(1 << 53)),
                manifest: firmware["manifest"]?.string)
        }
    }
}
