// SPDX-License-Identifier: Apache-2.0

import StationJSON
import StationModel
import XMPPCore

/// A station is in service: all that it needs to report (UC007-2, step 4).
public struct Online: PayloadKind {
    public static let name = "online"
    public static let summary = "The station is in service: its address, certificate, configuration and keys to trust."
    public static let direction = PayloadDirection.componentToStation
    public static let travels = PayloadTravel.answer
    public static let shape = JSONShape.object(
        [
            .init("serial", WireShapes.serial, "The serial number."),
            .init("jid", WireShapes.bareJID, "The bare JID to log in as from now on."),
            .init("certificates", WireShapes.chain(0...8), "The operational chain in DER, leaf first; empty at later logins."),
            .init("interval", .number(0...2_678_400), "Seconds between reports."),
            .init("nextSeq", WireShapes.reportSequence, "The sequence number that is expected next."),
            .init("configuration", Configuration.shape, "The configuration that holds."),
            .init("service", WireShapes.bareJID, "Where to report."),
            .init("time", WireShapes.time, "The component's clock in UTC seconds."),
            .init("releaseKeys", .array(WireShapes.point, count: 0...16), "P-256 points that sign manifests."),
            .init("directorKey", WireShapes.point, "The P-256 point that signs assignments."),
        ], additional: false)
    public static let validator = JSONValidator(shape)

    /// The configuration that holds for a station.
    public struct Configuration: Hashable, Sendable {
        /// Grows with each change; 0 for the first one.
        public var version: Int64
        /// An object of settings.
        public var settings: JSON

        static let shape = JSONShape.object(
            [
                .init("version", WireShapes.sequence, "Grows with each change."),
                .init("settings", .object([], additional: true), "The settings."),
            ], additional: false)

        /// Names a version and its settings, which must be an object.
        public init(version: Int64 = 0, settings: JSON = .object([JSON.Member]())) {
            self.version = version
            self.settings = settings
        }
    }

    /// The serial number.
    public var serial: Serial
    /// The bare JID to log in as from now on.
    public var jid: JID
    /// The operational chain in DER, leaf first; empty at later logins.
    public var certificates: [[UInt8]]
    /// Seconds between reports.
    public var interval: Double
    /// The sequence number that is expected next, from 1.
    public var nextSeq: Int64
    /// The configuration that holds.
    public var configuration: Configuration
    /// Where to report.
    public var service: JID
    /// The component's clock in UTC seconds.
    public var time: Double
    /// Points that sign manifests.
    public var releaseKeys: [[UInt8]]
    /// The point that signs assignments.
    public var directorKey: [UInt8]

    /// Makes the answer.
    public init(
        serial: Serial, jid: JID, certificates: [[UInt8]], interval: Double, nextSeq: Int64,
        configuration: Configuration = Configuration(), service: JID, time: Double, releaseKeys: [[UInt8]],
        directorKey: [UInt8]
    ) {
        self.serial = serial
        self.jid = jid
        self.certificates = certificates
        self.interval = interval
        self.nextSeq = nextSeq
        self.configuration = configuration
        self.service = service
        self.time = time
        self.releaseKeys = releaseKeys
        self.directorKey = directorKey
    }

    public init(json: JSONValue) throws(JSONError) {
        serial = try json.serial("serial")
        jid = try json.bareJID("jid")
        certificates = try json.listOfBytes("certificates")
        interval = try json.number("interval")
        nextSeq = try json.integer("nextSeq")
        let held = try json.require("configuration")
        configuration = Configuration(version: try held.integer("version"), settings: try held.require("settings").json)
        service = try json.bareJID("service")
        time = try json.number("time")
        releaseKeys = try json.listOfBytes("releaseKeys")
        directorKey = try json.bytes("directorKey")
    }

    public var json: JSON {
        .object([
            .init("serial", .string(serial.description)), .init("jid", .string(jid.description)),
            .init("certificates", .listOfBytes(certificates)), .init("interval", .number(interval)),
            .init("nextSeq", .integer(nextSeq)),
            .init("configuration", ["version": .integer(configuration.version), "settings": configuration.settings]),
            .init("service", .string(service.description)), .init("time", .number(time)),
            .init("releaseKeys", .listOfBytes(releaseKeys)), .init("directorKey", .bytes(directorKey)),
        ])
    }
}
