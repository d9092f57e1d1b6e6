// SPDX-License-Identifier: Apache-2.0
import StationModel

/// Whether a consumer may see a station, and why.
public enum Verdict: Hashable, Sendable, CustomStringConvertible {
    /// The grant that reaches back furthest.
    case allowed(by: Grant)
    case refused(Refusal)

    /// Why a consumer may not see a station.
    public enum Refusal: String, Hashable, Sendable {
        /// No owner has granted this consumer anything.
        case unknownConsumer = "the consumer has no grant"
        /// There are grants, but none covers this station.
        case notCovered = "no grant of the consumer covers this station"
    }

    /// Whether the consumer may see it.
    public var isAllowed: Bool {
        if case .allowed = self { true } else { false }
    }

    /// A sentence for the timeline and for `explain`; never told to the consumer.
    public var description: String {
        switch self {
        case .allowed(let grant): "granted (\(grant.scope)) to \(grant.consumer)"
        case .refused(let refusal): refusal.rawValue
        }
    }
}

/// Decides from the grants of one consumer; others among them are passed over.
public func mayObserve(consumer: String, serial: Serial, grants: some Sequence<Grant>) -> Verdict {
    var isKnown = false
    var best: Grant?
    for grant in grants where grant.consumer == consumer {
        isKnown = true
        guard grant.scope.covers(serial) else { continue }
        if let found = best, found.since <= grant.since { continue }
        best = grant
    }
    if let best { return .allowed(by: best) }
    return .refused(isKnown ? .notCovered : .unknownConsumer)
}

/// What of a report a consumer sees. Equal projections are encoded once for all who have them.
public enum Projection: Hashable, Sendable {
    /// The whole record, as received.
    case full
}

/// The projection that goes with a grant.
public func projection(of grant: Grant) -> Projection { .full }
