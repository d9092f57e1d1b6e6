// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import XMLStream
import XMPPCore

/// One row of a job's transition table: in `state`, on `event`, go to `next`.
public struct JobTransition: Sendable, Hashable {
    /// The state before.
    public let state: String
    /// What happens: a word of the station or of ``JobEvent``.
    public let event: String
    /// The state after.
    public let next: String

    public init(_ state: String, _ event: String, _ next: String) {
        self.state = state
        self.event = event
        self.next = next
    }
}

/// The states that every kind of job has. A kind adds its own in its transition table.
public enum JobState {
    /// Stored; the station has not answered yet.
    public static let offered = "offered"
    /// The station will do it within the window.
    public static let accepted = "accepted"
    /// The station will decide later.
    public static let deferred = "deferred"
    /// The station will not do it. Final.
    public static let refused = "refused"
    /// Done. Final.
    public static let completed = "completed"
    /// Tried without success. Final.
    public static let failed = "failed"
    /// The deadline has passed.
    public static let expired = "expired"
    /// Taken back, or the station is out of service. Final.
    public static let cancelled = "cancelled"

    static let final: Set<String> = [refused, completed, failed, expired, cancelled, "rolledBack"]
}

/// The events that the engine itself raises.
public enum JobEvent {
    /// The job's deadline has passed.
    public static let deadline = "deadline"
    /// The job is taken back.
    public static let cancel = "cancel"
    /// The station cannot do this kind of job at all.
    public static let unsupported = "unsupported"
}

/// What a management operation is, beyond what all jobs have in common.
public protocol JobKind: AnyObject {
    /// The kind's name, in tables, JSON and logs.
    var name: String { get }
    /// Every move of a job of this kind. Final states have no row.
    var transitions: [JobTransition] { get }
    /// Makes the request that offers the job to its station, anew each time. What is returned runs on the pool, since
    /// it may sign.
    func offer(_ job: JobRecord, _ context: CoreContext) throws -> @Sendable () throws -> Element
    /// The event that the station's answer to the offer stands for, and what it says for people.
    func answer(_ job: JobRecord, _ payload: XMLElement) throws(StanzaError) -> (event: String, detail: String)
    /// How long after the deadline a job in `state` may still end by the station's word.
    func grace(in state: String) -> Duration
    /// Why the job ends at its deadline, for people.
    func lateness(_ job: JobRecord) throws -> String
}

extension JobKind {
    /// None: the deadline is the end.
    public func grace(in state: String) -> Duration { .zero }
    /// The deadline itself.
    public func lateness(_ job: JobRecord) throws -> String { "the deadline has passed" }

    /// The state after `event`, or nil if the table has no such move.
    func next(_ state: String, on event: String) -> String? {
        transitions.first { $0.state == state && $0.event == event }?.next
    }
}
