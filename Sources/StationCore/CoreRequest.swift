// SPDX-License-Identifier: Apache-2.0
import StationJSON
import StationProtocol
import XMPPCore

/// One thing for the core to do. Requests are handled in the order of their arrival, a batch in one transaction.
public enum CoreRequest: Sendable {
    /// A stanza that needs state.
    case stanza(Stanza)
    /// The reports of one read.
    case reports(ReportBatch)
    /// A command from the Unix socket; `reply` is called once, after the commit.
    case command(name: String, arguments: JSONDocument, reply: @Sendable (Result<JSON, CommandError>) -> Void)
    /// Slow work that has come back.
    case workDone(id: UInt64, result: any Sendable)
    /// The component link is up: probe, offer again. Each connection has a number of its own; what the core sends from now
    /// on is for this one alone.
    case linkReady(generation: Int)
    /// The component link is down: presence is unknown now.
    case linkLost(LinkLoss)
    /// Presence was refused before it reached the core, not known whose.
    case presenceLost
    /// Reports of these senders were refused for overload before they reached the core; nil: of many, not known which.
    case shed([JID]?)
    /// Look at the timers.
    case wake

    /// How many requests it stands for in a batch.
    var weight: Int {
        if case .reports(let batch) = self { return batch.items.count }
        return 1
    }

    var isCommand: Bool { if case .command = self { true } else { false } }
}

/// Why a command was refused: a condition to switch on and a sentence to read.
public struct CommandError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A word such as `not-found`, `conflict`, `bad-request`, `forbidden`, `internal-error`.
    public let condition: String
    /// A sentence for people.
    public let text: String

    public init(_ condition: String, _ text: String) {
        self.condition = condition
        self.text = text
    }

    public var description: String { "\(condition): \(text)" }
}

/// What a line of a station's timeline is about.
public enum JournalCategory: String, Sendable, CaseIterable {
    case presence, identity, job, report, delivery, governance
}
