// SPDX-License-Identifier: Apache-2.0

import StationJSON

/// What a station says to an offer (UC007-3, step 3).
public struct UpdateAnswer: PayloadKind {
    public static let name = "update-answer"
    public static let summary = "The station's answer to an offered update."
    public static let direction = PayloadDirection.stationToComponent
    public static let travels = PayloadTravel.answer
    public static let shape = JSONShape.object(
        [
            .init("job", WireShapes.identifier, "The job."),
            .init("answer", .string(.words(Answer.allCases.map(\.rawValue))), "What the station does."),
            .init("until", WireShapes.time, required: false, "Deferred: UTC seconds when it will decide."),
            .init("reason", WireShapes.sentence, required: false, "Refused or deferred: why, for people."),
        ], additional: false)
    public static let validator = JSONValidator(shape)

    /// What the station does.
    public enum Answer: String, Hashable, Sendable, CaseIterable {
        /// It will install within the window.
        case accepted
        /// It will decide later.
        case deferred
        /// It will not install.
        case refused
    }

    /// The job.
    public var job: String
    /// What the station does.
    public var answer: Answer
    /// UTC seconds when it will decide.
    public var until: Double?
    /// Why, for people.
    public var reason: String?

    /// Makes the answer.
    public init(job: String, answer: Answer, until: Double? = nil, reason: String? = nil) {
        self.job = job
        self.answer = answer
        self.until = until
        self.reason = reason
    }

    public init(json: JSONValue) throws(JSONError) {
        job = try json.text("job")
        let word = try json.require("answer")
        guard let answer = Answer(rawValue: try word.requireString()) else { throw word.error("unknown answer") }
        self.answer = answer
        until = try json["until"]?.requireDouble()
        reason = try json["reason"]?.requireString()
    }

    public var json: JSON {
        .object([
            "job": .string(job), "answer": .string(answer.rawValue), "until": until.map { .number($0) },
            "reason": reason.map { .string($0) },
        ])
    }
}
