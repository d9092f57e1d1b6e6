// SPDX-License-Identifier: Apache-2.0
import StationJSON
import StationModel
import StationProtocol
import XMLStream
import XMPPCore

/// A domain as the core runs it: a plain class, touched on the core thread only.
///
/// A handler reads and writes through its store protocol, and changes its own memory only after its last
/// throwing call (or in ``CoreContext/afterCommit(_:)``): a rolled-back savepoint does not undo memory.
public protocol CoreModule: AnyObject {
    /// Fills the tables from the store, inside a transaction, before the first request.
    func load() throws
    /// Says what the module answers.
    func register(on core: inout CoreRegistry)
}

/// Who answers what in the core. One handler for a payload, a command, a timer; any number for presence and events.
public struct CoreRegistry {
    /// Handles a stanza; throws ``StanzaError`` for a refusal.
    public typealias StanzaHandler = (Stanza, CoreContext) throws -> Void
    /// Handles a command's arguments and returns its result; throws ``CommandError``.
    public typealias CommandHandler = (JSONValue, CoreContext) throws -> JSON
    /// Begins a long command, which calls its last argument once, from whichever request ends it.
    public typealias LongCommandHandler = (
        JSONValue, CoreContext, _ answer: @escaping (Result<JSON, CommandError>) -> Void
    ) throws -> Void
    /// Handles a timer that has come due, by its key.
    public typealias TimerHandler = (String, CoreContext) throws -> Void

    struct Key: Hashable {
        let type: IQType
        let payload: XMLName
    }

    /// Takes the reports of a read; what it does not take itself it hands back as an index of its items.
    public typealias ReportsHandler = (ReportBatch, CoreContext, _ others: (Int) throws -> Void) throws -> Void

    var iqs: [Key: StanzaHandler] = [:]
    var reports: ReportsHandler?
    var messages: [XMLName: StanzaHandler] = [:]
    var presences: [StanzaHandler] = []
    var bounceHandlers: [StanzaHandler] = []
    var commands: [String: CommandHandler] = [:]
    var longCommands: [String: LongCommandHandler] = [:]
    var timers: [String: TimerHandler] = [:]
    var events: [(DomainEvent, CoreContext) throws -> Void] = []
    var linkReadies: [(CoreContext) throws -> Void] = []
    var linkLosses: [(LinkLoss, CoreContext) throws -> Void] = []
    var linkReliefs: [(CoreContext) throws -> Void] = []
    var sheds: [(JID?, CoreContext) -> Void] = []
    var presenceLosses: [(CoreContext) throws -> Void] = []

    public init() {}

    /// An IQ request with this payload. A thrown ``StanzaError`` undoes what the handler wrote and is the answer.
    public mutating func iq(_ type: IQType, _ payload: XMLName, _ handler: @escaping StanzaHandler) {
        iqs[Key(type: type, payload: payload)] = handler
    }

    /// All reports of a read at once. The handler throws only if the store has failed: it has no savepoint of its own.
    public mutating func reports(_ handler: @escaping ReportsHandler) { reports = handler }

    /// A message with this payload.
    public mutating func message(_ payload: XMLName, _ handler: @escaping StanzaHandler) {
        messages[payload] = handler
    }

    /// Every presence stanza, probes and subscription requests too.
    public mutating func presence(_ handler: @escaping StanzaHandler) { presences.append(handler) }

    /// Every message of type `error`.
    public mutating func bounces(_ handler: @escaping StanzaHandler) { bounceHandlers.append(handler) }

    /// A command of the Unix socket; throws ``CommandError``.
    public mutating func command(_ name: String, control: Bool = true, _ handler: @escaping CommandHandler) {
        commands[name] = handler
    }

    /// A command that takes long, and so goes on in requests of its own (``CoreContext/later(milliseconds:_:)``).
    public mutating func longCommand(_ name: String, _ handler: @escaping LongCommandHandler) {
        longCommands[name] = handler
    }

    /// A timer of this name has come due.
    public mutating func timer(_ name: String, _ handler: @escaping TimerHandler) { timers[name] = handler }

    /// Every domain event, in the transaction in which it was emitted.
    public mutating func event(_ handler: @escaping (DomainEvent, CoreContext) throws -> Void) {
        events.append(handler)
    }

    /// The component link has come up.
    public mutating func linkReady(_ handler: @escaping (CoreContext) throws -> Void) { linkReadies.append(handler) }

    /// The component link has gone down.
    public mutating func linkLost(_ handler: @escaping (LinkLoss, CoreContext) throws -> Void) {
        linkLosses.append(handler)
    }

    /// The link was congested (``CoreOutput/isCongested``) and takes deliveries again.
    public mutating func linkRelieved(_ handler: @escaping (CoreContext) throws -> Void) { linkReliefs.append(handler) }

    /// A report of this sender (bare or full JID) was refused for overload before it reached the core; nil: reports of
    /// many, not known which. For memory alone: there may be tens of thousands of them at once, and the
    /// handler has no savepoint.
    public mutating func shed(_ handler: @escaping (JID?, CoreContext) -> Void) { sheds.append(handler) }

    /// Presence was refused for overload before it reached the core: whose, nobody knows.
    public mutating func presenceLost(_ handler: @escaping (CoreContext) throws -> Void) { presenceLosses.append(handler) }

    /// The payloads that the router has to hand on.
    public var iqPayloads: [(type: IQType, payload: XMLName)] { iqs.keys.map { ($0.type, $0.payload) } }
    /// The payloads of messages that the router has to hand on.
    public var messagePayloads: [XMLName] { Array(messages.keys) }
    /// All commands, sorted.
    public var commandNames: [String] { (Array(commands.keys) + longCommands.keys).sorted() }
}
