// SPDX-License-Identifier: Apache-2.0

import StationJSON

/// What a release is and where its artifacts lie: the payload of an envelope of type `manifest`.
public struct Manifest: PayloadKind {
    public static let name = "manifest"
    public static let summary = "What a release is, for which hardware, and where its artifacts lie."
    public static let direction = PayloadDirection.document
    public static let travels = PayloadTravel.document
    public static let shape = JSONShape.object(
        [
            .init("id", WireShapes.identifier, "The release."),
            .init("sequence", WireShapes.sequence, "Grows with each release; a station takes only a higher one."),
            .init("vendor", .string(.length(1...128)), "Who made it."),
            .init("hardware", .array(WireShapes.identifier, count: 1...64), "The hardware classes it is for."),
            .init("version", WireShapes.version, "The version as people write it."),
            .init(
                "from", .array(WireShapes.sequence, count: 1...64), required: false,
                "Sequences from which a station may go to this one; any lower one if missing."),
            .init("expires", WireShapes.time, "UTC seconds after which it must not be offered or installed."),
            .init("artifacts", .array(Artifact.shape, count: 1...16), "What is to be installed."),
        ], additional: false)
    public static let validator = JSONValidator(shape)

    /// A file to install.
    public struct Artifact: Hashable, Sendable {
        /// Bytes.
        public var size: Int64
        /// SHA-256 in lowercase hexadecimal.
        public var sha256: String
        /// Where it lies; each holds the same bytes.
        public var uris: [String]
        /// How to install it.
        public var format: String

        static let shape = JSONShape.object(
            [
                .init("size", .integer(1...1_099_511_627_776), "Bytes."),
                .init("sha256", WireShapes.hash, "SHA-256 of the bytes."),
                .init("uris", .array(.string(.pattern(.uri)), count: 1...16), "Where it lies."),
                .init("format", WireShapes.identifier, "How to install it."),
            ], additional: false)

        /// Names a file.
        public init(size: Int64, sha256: String, uris: [String], format: String) {
            self.size = size
            self.sha256 = sha256
            self.uris = uris
            self.format = format
        }
    }

    /// The release.
    public var id: String
    /// Grows with each release.
    public var sequence: Int64
    /// Who made it.
    public var vendor: String
    /// The hardware classes it is for.
    public var hardware: [String]
    /// As people write it.
    public var version: String
    /// Sequences from which a station may go to this one; nil allows any lower one.
    public var from: [Int64]?
    /// UTC seconds.
    public var expires: Double
    /// What is to be installed.
    public var artifacts: [Artifact]

    /// Makes a manifest.
    public init(
        id: String, sequence: Int64, vendor: String, hardware: [String], version: String, from: [Int64]? = nil,
        expires: Double, artifacts: [Artifact]
    ) {
        self.id = id
        self.sequence = sequence
        self.vendor = vendor
        self.hardware = hardware
        self.version = version
        self.from = from
        self.expires = expires
        self.artifacts = artifacts
    }

    public init(json: JSONValue) throws(JSONError) {
        id = try json.text("id")
        sequence = try json.integer("sequence")
        vendor = try json.text("vendor")
        hardware = try json.texts("hardware")
        version = try json.text("version")
        if let list = json["from"] {
            var sequences: [Int64] = []
            try list.forEachItem { (item) throws(JSONError) in sequences.append(try item.requireInt64()) }
            from = sequences
        }
        expires = try json.number("expires")
        var list: [Artifact] = []
        try json.require("artifacts").forEachItem { (item) throws(JSONError) in
            list.append(
                Artifact(
                    size: try item.integer("size"), sha256: try item.text("sha256"), uris: try item.texts("uris"),
                    format: try item.text("format")))
        }
        artifacts = list
    }

    public var json: JSON {
        let files = artifacts.map { file -> JSON in
            .object([
                .init("size", .integer(file.size)), .init("sha256", .string(file.sha256)), .init("uris", .texts(file.uris)),
                .init("format", .string(file.format)),
            ])
        }
        return .object([
            "id": .string(id), "sequence": .integer(sequence), "vendor": .string(vendor), "hardware": .texts(hardware),
            "version": .string(version), "from": from.map { .array($0.map { .integer($0) }) },
            "expires": .number(expires), "artifacts": .array(files),
        ])
    }
}
