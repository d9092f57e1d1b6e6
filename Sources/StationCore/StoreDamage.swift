// SPDX-License-Identifier: Apache-2.0
import XMPPCore

/// Reports that were stored and cannot be read any more. Who asks for them is refused; everything else goes on.
///
/// That is not a failure of the store: nothing that is written now is in doubt, and a process that ended would find the
/// same damage after its restart, and the same request.
public struct StoreDamage: Error, Sendable, CustomStringConvertible {
    /// The first and the last position of what cannot be read.
    public let positions: ClosedRange<Int64>
    /// What is wrong and what to do, for the operator.
    public let description: String

    public init(positions: ClosedRange<Int64>, _ description: String) {
        self.positions = positions
        self.description = description
    }

    /// What whoever asked for them is told. An item's id ends with its position.
    public var refusal: StanzaError {
        let which =
            positions.count == 1
            ? "report \(positions.lowerBound) cannot" : "reports \(positions.lowerBound) to \(positions.upperBound) cannot"
        return StanzaError(.internalServerError, "the stored \(which) be read; the operator of this service knows why")
    }
}

/// What is asked for would hold up everybody else; a little later it will not.
public struct StoreBusy: Error, Sendable, CustomStringConvertible {
    public init() {}

    public var description: String { "the store is still looking through what was stored; try again later" }

    /// What whoever asked is told.
    public var refusal: StanzaError { StanzaError(.resourceConstraint, description, kind: .wait) }
}

/// What a store has to tell the operator.
public struct StoreNotice: Sendable, Hashable {
    /// How bad it is.
    public enum Severity: Sendable {
        /// Nothing is lost, but something has to be done in time.
        case warning
        /// Something that was stored is lost.
        case critical
    }

    /// How bad it is.
    public let severity: Severity
    /// What has happened, always in the same words.
    public let sentence: String
    /// The particulars, and what to do.
    public let detail: String

    public init(_ severity: Severity, _ sentence: String, _ detail: String) {
        self.severity = severity
        self.sentence = sentence
        self.detail = detail
    }
}
