// SPDX-License-Identifier: Apache-2.0
import StationJSON
import StationProtocol

/// The update under way, as it is kept in `updates/job.json`.
struct UpdateJob: Hashable, Sendable {
    /// The offer as it was taken, or as it was renewed.
    var offer: Update
    var state: UpdateState
    /// When the state was entered, in UTC seconds.
    var since: Int64
    /// How often the state's work was begun.
    var attempts: Int64 = 0
    /// What goes into the last status.
    var detail = ""

    static let largest = JSONLimits(bytes: 1 << 20)

    var json: JSON {
        .object([
            "version": .integer(1), "state": .string(state.rawValue), "since": .integer(since),
            "attempts": .integer(attempts), "detail": .string(detail), "offer": offer.json,
        ])
    }

    init(offer: Update, state: UpdateState, since: Int64) {
        self.offer = offer
        self.state = state
        self.since = since
    }

    init(json: JSONValue) throws(JSONError) {
        let word = try json.require("state")
        guard let state = UpdateState(rawValue: try word.requireString()) else { throw word.error("is no state") }
        self.state = state
        since = try json.require("since").requireInt64()
        attempts = try json.require("attempts").requireInt64(in: 0...(1 << 32))
        detail = try json.require("detail").requireString()
        offer = try Update.decode(try json.require("offer"))
    }

    /// Reads the file; nil if there is none.
    static func read(_ path: String) throws(AgentError) -> UpdateJob? {
        guard let bytes = try DurableFile.read(path, limit: largest.bytes) else { return nil }
        do throws(JSONError) {
            return try UpdateJob(json: try JSONDocument(bytes, limits: largest).root)
        } catch {
            throw AgentError(.damaged, "\(path): \(error)")
        }
    }

    /// Replaces the file.
    func write(_ path: String) throws(AgentError) { try DurableFile.write(json.serialized(), to: path) }
}
