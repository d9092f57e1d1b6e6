// SPDX-License-Identifier: Apache-2.0

import StationJSON

/// A step of an update (UC007-3, steps 4 to 6). `completed` counts only with the station's signature beside it.
public struct UpdateStatus: PayloadKind {
    public static let name = "update-status"
    public static let summary = "A step of an update; completed is signed and names what runs."
    public static let direction = PayloadDirection.stationToComponent
    public static let travels = PayloadTravel.request
    public static let shape = JSONShape.choice(
        by: "status",
        [
            .object(members(Status.allCases.filter { $0 != .completed }, isComplete: false), additional: false),
            .object(members([.completed], isComplete: true), additional: false),
        ])
    public static let validator = JSONValidator(shape)

    /// A step.
    public enum Status: String, Hashable, Sendable, CaseIterable {
        /// The artifact is being fetched.
        case downloading
        /// It is being written.
        case installing
        /// The station restarts.
        case restarting
        /// It runs.
        case completed
        /// It could not be done; the old software runs.
        case failed
        /// It ran and was taken back.
        case rolledBack
    }

    private static func members(_ words: [Status], isComplete: Bool) -> [JSONShape.Member] {
        [
            .init("job", WireShapes.identifier, "The job."),
            .init("status", .string(.words(words.map(\.rawValue))), "The step that is reached."),
            .init("detail", WireShapes.sentence, required: false, "More, for people."),
            .init("version", WireShapes.version, required: isComplete, "The version that runs."),
            .init("sequence", WireShapes.sequence, required: isComplete, "The sequence that runs."),
            .init("nonce", WireShapes.nonce, required: isComplete, "The nonce of the assignment."),
        ]
    }

    /// The job.
    public var job: String
    /// The step that is reached.
    public var status: Status
    /// More, for people.
    public var detail: String?
    /// The version that runs; always there in `completed`.
    public var version: String?
    /// The sequence that runs; always there in `completed`.
    public var sequence: Int64?
    /// The nonce of the assignment, 16 bytes; always there in `completed`.
    public var nonce: [UInt8]?

    /// Makes the report of a step.
    public init(
        job: String, status: Status, detail: String? = nil, version: String? = nil, sequence: Int64? = nil,
        nonce: [UInt8]? = nil
    ) {
        self.job = job
        self.status = status
        self.detail = detail
        self.version = version
        self.sequence = sequence
        self.nonce = nonce
    }

    public init(json: JSONValue) throws(JSONError) {
        job = try json.text("job")
        let word = try json.require("status")
        guard let status = Status(rawValue: try word.requireString()) else { throw word.error("unknown status") }
        self.status = status
        detail = try json["detail"]?.requireString()
        version = try json["version"]?.requireString()
        sequence = try json["sequence"]?.requireInt64()
        nonce = try json["nonce"]?.bytes()
    }

    public var json: JSON {
        .object([
            "job": .string(job), "status": .string(status.rawValue), "detail": detail.map { .string($0) },
            "version": version.map { .string($0) }, "sequence": sequence.map { .integer($0) },
            "nonce": nonce.map { .bytes($0) },
        ])
    }
}
