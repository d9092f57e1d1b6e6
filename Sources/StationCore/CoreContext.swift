// SPDX-License-Identifier: Apache-2.0
import StationJSON
import StationModel
import StationProtocol
import XMLStream
import XMPPCore

/// What a handler sees of the world: the time, random bytes, and the effects it may ask for.
///
/// Nothing that is asked for here happens before the batch is committed, and none of it happens
/// when the handler throws. Confined to the core thread; not to be kept beyond the handler.
public final class CoreContext {
    struct Work {
        let run: @Sendable () -> any Sendable
        let stanza: Stanza?
        let then: (any Sendable, CoreContext) throws -> Void
    }

    struct Request {
        let stanza: OutgoingStanza
        let timeout: Int64
        let answer: (Stanza?, CoreContext) throws -> Void
    }

    enum TimerChange {
        case set(TimerRow)
        case clear(name: String, key: String)
    }

    /// The effects of the requests so far; cut back to a mark when a request fails.
    struct Effects {
        var acknowledgements: [(CoreOutput) -> Void] = []
        var stanzas: [OutgoingStanza] = []
        var hooks: [(CoreOutput) -> Void] = []
        var works: [Work] = []
        var requests: [Request] = []
        var alarms: [Alarm] = []
        var undos: [() -> Void] = []
    }

    struct Alarm {
        /// By the monotonic clock.
        let due: Int64
        let ring: (CoreContext) throws -> Void
    }

    /// The time of the batch: the same for all its requests.
    public internal(set) var now = Timestamp(milliseconds: 0)
    /// The monotonic clock when the batch began, in nanoseconds.
    var ticks: Int64 = 0
    /// How far the clock is ahead of ``now`` after a leap that is not followed, in milliseconds; 0 without one.
    public internal(set) var clockLeapMilliseconds: Int64 = 0
    /// Answers that nobody had asked for, since the start: late, forged, or a second time.
    public internal(set) var ignoredAnswers: Int64 = 0
    /// See ``CoreOutput/isCongested``.
    public internal(set) var isLinkCongested = false
    /// See ``CoreOutput/refusedChunks``.
    public internal(set) var refusedChunks = 0
    let store: any CoreStore
    private let random: any CoreRandom
    var effects = Effects()
    var events: [DomainEvent] = []
    var journalEntries: [JournalEntry] = []
    var timerChanges: [TimerChange] = []
    var raised: [(CoreContext) throws -> Void] = []
    /// Which alarms have been written lately.
    public let silence = AlarmSilence()
    private var lastAudit: AuditEntry?
    private var knowsLastAudit = false

    init(store: any CoreStore, random: any CoreRandom) {
        self.store = store
        self.random = random
    }

    /// Random bytes, from the operating system or from the test's seed.
    public func randomBytes(_ count: Int) -> [UInt8] { random.bytes(count) }

    /// A stanza that goes out after the commit. Transient: if the process dies, the asker asks again.
    public func send(_ stanza: OutgoingStanza) { effects.stanzas.append(stanza) }

    /// The result of an IQ request.
    /// A message has none.
    public func reply(to stanza: Stanza, _ payload: Element? = nil) {
        if stanza.kind == .iq { send(stanza.result(payload)) }
    }

    /// The error answer to a stanza; nothing for one that must not be answered (RFC 6120 §8.3.1).
    public func reply(to stanza: Stanza, error: StanzaError) {
        if let answer = stanza.error(error) { send(answer) }
    }

    /// Runs after the commit, before anything else goes out: results of many requests at once. It is kept even if the
    /// handler throws, so it is only for handlers that cannot.
    public func acknowledge(_ body: @escaping (CoreOutput) -> Void) { effects.acknowledgements.append(body) }

    /// Runs after the commit, when the replies are written: fan-out.
    public func afterCommit(_ body: @escaping (CoreOutput) -> Void) { effects.hooks.append(body) }

    /// Runs at once if the handler, or what handles its events, throws: puts back memory that had to be changed before.
    public func undo(_ body: @escaping () -> Void) { effects.undos.append(body) }

    /// Slow work on the bounded pool; `then` runs on the core as a request of its own. What `then` throws
    /// is the answer to `stanza`, if there is one.
    public func perform<T: Sendable>(
        _ label: String, for stanza: Stanza? = nil, _ work: @escaping @Sendable () -> T,
        then: @escaping (T, CoreContext) throws -> Void
    ) {
        effects.works.append(
            Work(
                run: work, stanza: stanza,
                then: { result, context in
                    if let value = result as? T { try then(value, context) }
                }))
    }

    /// An IQ request of ours. `answer` gets the result or the error, or nil after the timeout; in memory only.
    public func request(
        _ type: IQType, from: JID, to: JID, encoding: StanzaEncoding = .xml, _ payload: Element,
        timeoutMilliseconds: Int64 = 30_000, answer: @escaping (Stanza?, CoreContext) throws -> Void
    ) {
        let id = Self.hex(randomBytes(16))
        var stanza = OutgoingStanza.iq(type.rawValue, id: id, from: from, to: to, payload)
        stanza.encoding = encoding
        effects.requests.append(Request(stanza: stanza, timeout: timeoutMilliseconds, answer: answer))
    }

    /// A durable timer; one row for a name and key, set again moves it.
    public func schedule(_ name: String, key: String, due: Timestamp) {
        timerChanges.append(.set(TimerRow(name: name, key: key, due: due)))
    }

    /// Runs `body` as a request of its own after this time; in memory only, for pacing and retries
    /// of what a restart begins anew anyway.
    public func later(milliseconds: Int64, _ body: @escaping (CoreContext) throws -> Void) {
        effects.alarms.append(Alarm(due: ticks(after: milliseconds), ring: body))
    }

    /// The moment so many milliseconds after the batch began, by the monotonic clock.
    func ticks(after milliseconds: Int64) -> Int64 { ticks &+ Self.nanoseconds(max(0, milliseconds)) }

    /// Nanoseconds of that many milliseconds, 34 years at most.
    static func nanoseconds(_ milliseconds: Int64) -> Int64 {
        min(max(milliseconds, -1 << 40), 1 << 40) &* 1_000_000
    }

    /// Takes a timer back.
    public func cancel(_ name: String, key: String) { timerChanges.append(.clear(name: name, key: key)) }

    /// Tells the other domain; handled in this transaction, when the handler has returned.
    public func emit(_ event: DomainEvent) { events.append(event) }

    /// Runs `body` after the handler, in a savepoint of its own, even if the handler throws: for alarms
    /// about what is refused.
    public func raise(_ body: @escaping (CoreContext) throws -> Void) { raised.append(body) }

    /// One line of a station's timeline.
    public func journal(_ serial: Serial, _ category: JournalCategory, _ text: String, detail: String? = nil) {
        journalEntries.append(JournalEntry(at: now, serial: serial, category: category, text: text, detail: detail))
    }

    /// One entry of the hash-chained log.
    @discardableResult
    public func audit(actor: String, action: String, subject: String, detail: JSON) throws -> (
        sequence: Int64, hash: String
    ) {
        if !knowsLastAudit {
            lastAudit = try store.lastAudit()
            knowsLastAudit = true
        }
        let entry = AuditEntry.following(
            lastAudit, at: now, actor: actor, action: action, subject: subject, detail: detail)
        try store.appendAudit(entry)
        lastAudit = entry
        return (entry.sequence, entry.hash)
    }

    // MARK: - Marks

    struct Mark {
        let stanzas, hooks, works, requests, alarms, undos: Int
    }

    var mark: Mark {
        Mark(
            stanzas: effects.stanzas.count, hooks: effects.hooks.count, works: effects.works.count,
            requests: effects.requests.count, alarms: effects.alarms.count, undos: effects.undos.count)
    }

    /// Forgets what was asked for since the mark.
    func rollBack(to mark: Mark) {
        effects.stanzas.removeSubrange(mark.stanzas...)
        effects.hooks.removeSubrange(mark.hooks...)
        effects.works.removeSubrange(mark.works...)
        effects.requests.removeSubrange(mark.requests...)
        effects.alarms.removeSubrange(mark.alarms...)
        for undo in effects.undos[mark.undos...].reversed() { undo() }
        effects.undos.removeSubrange(mark.undos...)
        events.removeAll(keepingCapacity: true)
        journalEntries.removeAll(keepingCapacity: true)
        timerChanges.removeAll(keepingCapacity: true)
        knowsLastAudit = false
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
