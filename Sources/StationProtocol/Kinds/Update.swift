// SPDX-License-Identifier: Apache-2.0

import StationJSON

/// A software update is offered to a station (UC007-3, step 2).
public struct Update: PayloadKind {
    public static let name = "update"
    public static let summary = "A software update is offered: manifest, assignment and window."
    public static let direction = PayloadDirection.componentToStation
    public static let travels = PayloadTravel.request
    public static let shape = JSONShape.object(
        [
            .init("job", WireShapes.identifier, "The job."),
            .init("manifest", EnvelopeDocument.shape, "An envelope of type manifest, signed in the role release."),
            .init("assignment", EnvelopeDocument.shape, "An envelope of type assignment, signed in the role director."),
            .init(
                "window",
                .object(
                    [
                        .init("notBefore", WireShapes.time, "UTC seconds of the earliest installation."),
                        .init("deadline", WireShapes.time, "UTC seconds of the latest installation."),
                    ], additional: false), "When it may be installed."),
        ], additional: false)
    public static let validator = JSONValidator(shape)

    /// The job.
    public var job: String
    /// An envelope of type `manifest`.
    public var manifest: EnvelopeDocument
    /// An envelope of type `assignment`.
    public var assignment: EnvelopeDocument
    /// UTC seconds of the earliest installation.
    public var notBefore: Double
    /// UTC seconds of the latest installation.
    public var deadline: Double

    /// Makes the offer.
    public init(
        job: String, manifest: EnvelopeDocument, assignment: EnvelopeDocument, notBefore: Double, deadline: Double
    ) {
        self.job = job
        self.manifest = manifest
        self.assignment = assignment
        self.notBefore = notBefore
        self.deadline = deadline
    }

    public init(json: JSONValue) throws(JSONError) {
        job = try json.text("job")
        manifest = try EnvelopeDocument(json: json.require("manifest"))
        assignment = try EnvelopeDocument(json: json.require("assignment"))
        let window = try json.require("window")
        notBefore = try window.number("notBefore")
        deadline = try window.number("deadline")
    }

    public var json: JSON {
        .object([
            .init("job", .string(job)), .init("manifest", manifest.json), .init("assignment", assignment.json),
            .init("window", ["notBefore": .number(notBefore), "deadline": .number(deadline)]),
        ])
    }
}
