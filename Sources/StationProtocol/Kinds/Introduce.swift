// SPDX-License-Identifier: Apache-2.0

import StationJSON
import StationModel

/// A station says who it is: with its chain on the onboarding host, with an empty list on every later login.
public struct Introduce: PayloadKind {
    public static let name = "introduce"
    public static let summary = "A station says who it is and what it runs."
    public static let direction = PayloadDirection.stationToComponent
    public static let travels = PayloadTravel.request
    public static let shape = JSONShape.object(
        [
            .init("serial", WireShapes.serial, "The serial number."),
            .init("firmware", Firmware.shape, "The software that runs."),
            .init("certificates", WireShapes.chain(0...8), "The engraved chain in DER, leaf first; empty later on."),
            .init("position", Position.shape, required: false, "Where the station stands."),
        ], additional: false)
    public static let validator = JSONValidator(shape)

    /// The software that runs.
    public struct Firmware: Hashable, Sendable {
        /// As people write it.
        public var version: String
        /// Grows with each release, from 0.
        public var sequence: Int64

        static let shape = JSONShape.object(
            [
                .init("version", WireShapes.version, "The version as people write it."),
                .init("sequence", WireShapes.sequence, "Grows with each release."),
            ], additional: false)

        /// Names a version.
        public init(version: String, sequence: Int64) {
            self.version = version
            self.sequence = sequence
        }
    }

    /// A place on WGS 84.
    public struct Position: Hashable, Sendable {
        /// Degrees north, -90…90.
        public var latitude: Double
        /// Degrees east, -180…180.
        public var longitude: Double
        /// Meters above sea level.
        public var altitude: Double?

        static let shape = JSONShape.object(
            [
                .init("lat", .number(-90...90), "Degrees north."),
                .init("lon", .number(-180...180), "Degrees east."),
                .init("alt", .number(-12_000...100_000), required: false, "Meters above sea level."),
            ], additional: false)

        /// Names a place.
        public init(latitude: Double, longitude: Double, altitude: Double? = nil) {
            self.latitude = latitude
            self.longitude = longitude
            self.altitude = altitude
        }
    }

    /// The serial number.
    public var serial: Serial
    /// The software that runs.
    public var firmware: Firmware
    /// The engraved chain in DER, leaf first; empty on the stations host.
    public var certificates: [[UInt8]]
    /// Where it stands, if it knows.
    public var position: Position?

    /// Makes the request.
    public init(serial: Serial, firmware: Firmware, certificates: [[UInt8]] = [], position: Position? = nil) {
        self.serial = serial
        self.firmware = firmware
        self.certificates = certificates
        self.position = position
    }

    public init(json: JSONValue) throws(JSONError) {
        serial = try json.serial("serial")
        let running = try json.require("firmware")
        firmware = Firmware(version: try running.text("version"), sequence: try running.integer("sequence"))
        certificates = try json.listOfBytes("certificates")
        guard let place = json["position"] else { return }
        position = Position(
            latitude: try place.number("lat"), longitude: try place.number("lon"),
            altitude: try place["alt"]?.requireDouble())
    }

    public var json: JSON {
        let place = position.map { place in
            JSON.object([
                "lat": .number(place.latitude), "lon": .number(place.longitude), "alt": place.altitude.map { .number($0) },
            ])
        }
        return .object([
            "serial": .string(serial.description),
            "firmware": ["version": .string(firmware.version), "sequence": .integer(firmware.sequence)],
            "certificates": .listOfBytes(certificates),
            "position": place,
        ])
    }
}
