// SPDX-License-Identifier: Apache-2.0

/// Where an update stands. The word is what the state file holds.
public enum UpdateState: String, Hashable, Sendable, CaseIterable {
    /// A job is known and nothing has been decided.
    case offered
    /// Accepted or deferred: waiting for a convenient moment within the window.
    case waiting
    /// Fetching the artifact.
    case downloading
    /// Running the install command.
    case installing
    /// The new version is installed and the agent starts again.
    case restarting
    /// The new version runs; the signed `completed` waits for its acknowledgement.
    case confirming
    /// Given up; `failed` waits for its acknowledgement.
    case failing
    /// The old version runs again; `rolledBack` waits for its acknowledgement.
    case rollingBack
    /// Final: the new version runs and the component knows.
    case completed
    /// Final: the old version runs on.
    case failed
    /// Final: the new version did not start, the old one runs.
    case rolledBack
}

/// What can happen to an update.
public enum UpdateEvent: String, Hashable, Sendable, CaseIterable {
    /// The offer was verified and taken.
    case accepted
    /// The offer was verified, and that version runs already.
    case alreadyRunning
    /// A convenient moment within the window has come.
    case momentCame
    /// The whole artifact is here and matches.
    case downloaded
    /// The artifact is too long, too short, of another hash, or nowhere to be had.
    case artifactRefused
    /// What was verified no longer holds: something has expired.
    case expired
    /// The install command ended well.
    case installed
    /// The install command failed, took too long, or was interrupted too often.
    case installFailed
    /// After the restart the new version runs.
    case startedNew
    /// After the restart the version before it runs.
    case startedOld
    /// After the restart something else runs.
    case startedOther
    /// The window is over, or the state lasted longer than it may.
    case timedOut
    /// The component has taken the last status.
    case acknowledged
    /// The component does not want the last status: the job is gone there.
    case unwanted
}

/// The life of an update: one row a line. A state is saved before it is entered, so after a power loss the agent
/// continues in the state it finds.
public struct UpdateTable: Sendable {
    /// One transition.
    public struct Row: Hashable, Sendable {
        /// In this state…
        public let from: UpdateState
        /// …when this happens…
        public let on: UpdateEvent
        /// …that state is entered.
        public let to: UpdateState

        init(_ from: UpdateState, _ on: UpdateEvent, _ to: UpdateState) {
            self.from = from
            self.on = on
            self.to = to
        }
    }

    /// All transitions.
    public static let rows: [Row] = [
        Row(.offered, .accepted, .waiting),
        Row(.offered, .alreadyRunning, .confirming),
        Row(.offered, .timedOut, .failing),
        Row(.waiting, .momentCame, .downloading),
        Row(.waiting, .expired, .failing),
        Row(.waiting, .timedOut, .failing),
        Row(.downloading, .downloaded, .installing),
        Row(.downloading, .artifactRefused, .failing),
        Row(.downloading, .timedOut, .failing),
        Row(.installing, .installed, .restarting),
        Row(.installing, .artifactRefused, .failing),
        Row(.installing, .installFailed, .failing),
        Row(.installing, .timedOut, .failing),
        Row(.restarting, .startedNew, .confirming),
        Row(.restarting, .startedOld, .rollingBack),
        Row(.restarting, .startedOther, .failing),
        Row(.restarting, .timedOut, .failing),
        Row(.confirming, .acknowledged, .completed),
        Row(.confirming, .unwanted, .completed),
        Row(.confirming, .timedOut, .completed),
        Row(.failing, .acknowledged, .failed),
        Row(.failing, .unwanted, .failed),
        Row(.failing, .timedOut, .failed),
        Row(.rollingBack, .acknowledged, .rolledBack),
        Row(.rollingBack, .unwanted, .rolledBack),
        Row(.rollingBack, .timedOut, .rolledBack),
    ]

    /// How long a state may last, in seconds; nil for final ones. States before the installation also end with the window.
    public static func longest(_ state: UpdateState) -> Int64? {
        switch state {
        case .offered: 60
        case .waiting: 90 * 86_400
        case .downloading: 7 * 86_400
        case .installing: 2 * 86_400
        case .restarting: 3_600
        case .confirming, .failing, .rollingBack: 30 * 86_400
        case .completed, .failed, .rolledBack: nil
        }
    }

    /// The state that follows, or nil where the event means nothing.
    public static func next(_ state: UpdateState, _ event: UpdateEvent) -> UpdateState? {
        rows.first { $0.from == state && $0.on == event }?.to
    }
}

extension UpdateState {
    /// Whether nothing follows.
    public var isFinal: Bool { UpdateTable.longest(self) == nil }
}
