// SPDX-License-Identifier: Apache-2.0

extension Updates {
    /// Every move of an update, by the state before: words of the station, which name the state after, then the events
    /// of the engine.
    ///
    /// A station says each step once, so any of them may be lost: each state may be followed by all later ones. A
    /// station that runs already what it is offered completes at once; one that loses power begins again at
    /// `downloading`.
    static let table: [JobTransition] =
        moves(
            "offered", deadline: "expired", unsupported: "refused",
            ["accepted", "deferred", "refused", "downloading", "installing", "restarting", "completed", "failed", "rolledBack"])
        + moves(
            "deferred", deadline: "expired", unsupported: "refused",
            ["accepted", "deferred", "refused", "downloading", "installing", "restarting", "completed", "failed", "rolledBack"])
        + moves(
            "accepted", deadline: "expired",
            ["deferred", "refused", "downloading", "installing", "restarting", "completed", "failed", "rolledBack"])
        + moves("downloading", deadline: "failed", ["installing", "restarting", "completed", "failed", "rolledBack"])
        + moves("installing", deadline: "failed", ["downloading", "restarting", "completed", "failed", "rolledBack"])
        + moves("restarting", deadline: "failed", ["downloading", "completed", "failed", "rolledBack"])

    private static func moves(
        _ state: String, deadline: String, unsupported: String? = nil, _ words: [String]
    ) -> [JobTransition] {
        words.map { JobTransition(state, $0, $0) }
            + (unsupported.map { [JobTransition(state, JobEvent.unsupported, $0)] } ?? [])
            + [
                JobTransition(state, JobEvent.deadline, deadline),
                JobTransition(state, JobEvent.cancel, JobState.cancelled),
            ]
    }
}
