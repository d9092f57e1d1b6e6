// SPDX-License-Identifier: Apache-2.0
import Logging
import StationJSON
import StationModel
import StationProtocol
import XMPPCore

/// The heart: takes a batch of requests, runs them in one transaction, commits, and only then lets
/// their effects out. So an acknowledgement always means *committed with fsync*.
///
/// Not thread-safe: used by one thread (``CoreThread``), or by a test under a virtual clock.
public final class Core {
    struct Pending {
        let to: JID?
        let due: Timestamp
        let answer: (Stanza?, CoreContext) throws -> Void
    }

    let store: any CoreStore
    let clock: any CoreClock
    let limits: CoreLimits
    let logger: Logger
    private let pool: any WorkPool
    let context: CoreContext
    let output: CoreOutput
    private let modules: [any CoreModule]
    /// Who answers what.
    public let registry: CoreRegistry
    /// Called from the pool when work is done; hands the result back as a request.
    private let workDone: @Sendable (CoreRequest) -> Void

    private var works: [UInt64: CoreContext.Work] = [:]
    private var nextWork: UInt64 = 1
    var pending: [String: Pending] = [:]
    var timersDue: Timestamp?
    private var replies: [() -> Void] = []
    /// Sorted by due time.
    private var alarms: [CoreContext.Alarm] = []

    public init(
        store: any CoreStore, modules: [any CoreModule], clock: any CoreClock, random: any CoreRandom,
        pool: any WorkPool, outlet: any StanzaOutlet, limits: CoreLimits = CoreLimits(), logger: Logger,
        workDone: @escaping @Sendable (CoreRequest) -> Void
    ) {
        self.store = store
        self.clock = clock
        self.pool = pool
        self.limits = limits
        self.logger = logger
        self.modules = modules
        self.workDone = workDone
        context = CoreContext(store: store, random: random)
        output = CoreOutput(outlet: outlet, limits: limits)
        var registry = CoreRegistry()
        for module in modules { module.register(on: &registry) }
        self.registry = registry
    }

    /// Loads the modules' tables. Call once, before the first batch.
    public func start() throws {
        try store.transaction {
            for module in modules { try module.load() }
            timersDue = try store.nextTimer()
        }
    }

    /// The last thing, after the last batch.
    public func finish() throws { try store.close() }

    /// When the core wants to be woken next, for a timer, an unanswered request or a look at a congested link.
    public var nextWake: Timestamp? {
        let look = output.lookAgain.map { output.now.adding(milliseconds: $0) }
        return [pending.isEmpty ? nil : pendingDue, timersDue, alarms.first?.due, look].compactMap { $0 }.min()
    }

    /// A lower bound of the due times in `pending`; exact after each sweep.
    private var pendingDue: Timestamp?

    /// Handles the requests in one transaction. Throws only if the store failed: then nothing was
    /// acknowledged, and the process has to end (a failed fsync is never retried).
    public func process(_ requests: [CoreRequest]) throws {
        let now = clock.now()
        context.now = now
        output.now = now
        output.look()
        try store.transaction {
            context.isLinkCongested = output.isCongested
            context.refusedChunks = output.refusedChunks
            for request in requests { try handle(request) }
            if output.takeRelief() {
                for handler in registry.linkReliefs { try attempt("link relieved") { try handler(context) } }
            }
            try fireTimers(now)
            giveUpUnanswered(now)
            try ringAlarms(now)
        }
        release()
    }

    // MARK: - Effects

    /// After the commit: replies first, then fan-out, then work.
    private func release() {
        let effects = context.effects
        context.effects = CoreContext.Effects()
        for acknowledgement in effects.acknowledgements { acknowledgement(output) }
        for stanza in effects.stanzas { output.send(stanza) }
        for request in effects.requests { send(request) }
        output.flush()
        for reply in replies { reply() }
        replies.removeAll(keepingCapacity: true)
        for hook in effects.hooks { hook(output) }
        output.flush()
        for work in effects.works { start(work) }
        for alarm in effects.alarms { alarms.append(alarm) }
        if !effects.alarms.isEmpty { alarms.sort { $0.due < $1.due } }
    }

    private func send(_ request: CoreContext.Request) {
        guard let id = request.stanza.id, pending.count < limits.pendingRequests else { return }
        let due = Timestamp(milliseconds: context.now.milliseconds &+ request.timeout)
        pending[id] = Pending(to: request.stanza.to, due: due, answer: request.answer)
        pendingDue = pendingDue.map { min($0, due) } ?? due
        output.send(request.stanza)
    }

    private func start(_ work: CoreContext.Work) {
        let id = nextWork
        nextWork &+= 1
        works[id] = work
        let run = work.run
        let done = workDone
        pool.submit { done(.workDone(id: id, result: run())) }
    }

    // MARK: - Requests

    private func handle(_ request: CoreRequest) throws {
        switch request {
        case .stanza(let stanza): try handle(stanza)
        case .reports(let batch): try handle(batch)
        case .command(let name, let arguments, let reply): try handle(command: name, arguments, reply)
        case .workDone(let id, let result):
            guard let work = works.removeValue(forKey: id) else { return }
            try attempt("work", work.stanza) { try work.then(result, context) }
        case .linkReady:
            output.linkIs(up: true)
            context.isLinkCongested = output.isCongested
            for handler in registry.linkReadies { try attempt("link ready") { try handler(context) } }
        case .linkLost:
            output.linkIs(up: false)
            context.isLinkCongested = true
            for handler in registry.linkLosses { try attempt("link lost") { try handler(context) } }
        case .shed(let sender):
            for handler in registry.sheds { try attempt("shed") { try handler(sender, context) } }
        case .wake: break
        }
    }

    private func handle(_ batch: ReportBatch) throws {
        func one(_ item: ReportBatch.Item) throws {
            switch item {
            case .plain(let report):
                // The network side has read the addresses once before, so this does not fail.
                if let stanza = try? Stanza(batch.stanzas[report.index]) { try handle(stanza) }
            case .other(let index): try handle(batch.others[index])
            }
        }
        guard let take = registry.reports else { return try batch.items.forEach(one) }
        try take(batch, context) { try one(batch.items[$0]) }
    }

    private func handle(_ stanza: Stanza) throws {
        switch stanza.kind {
        case .iq where stanza.type == "result" || stanza.type == "error": try answer(with: stanza)
        case .iq:
            guard let payload = stanza.payload, let type = IQType(rawValue: stanza.type),
                let handler = registry.iqs[CoreRegistry.Key(type: type, payload: payload.name)]
            else { return context.reply(to: stanza, error: StanzaError(.serviceUnavailable, "nobody answers this")) }
            try attempt("stanza", stanza) { try handler(stanza, context) }
        case .message where stanza.type == "error":
            for handler in registry.bounceHandlers { try attempt("bounce") { try handler(stanza, context) } }
        case .message:
            guard let payload = stanza.payload, let handler = registry.messages[payload.name] else { return }
            try attempt("message", stanza) { try handler(stanza, context) }
        case .presence:
            for handler in registry.presences { try attempt("presence") { try handler(stanza, context) } }
        }
    }

    /// Matched on the 128-bit random id and the full JID; late, twice or from another sender is ignored.
    private func answer(with stanza: Stanza) throws {
        guard let id = stanza.id, let waiting = pending[id], waiting.to == stanza.from else { return }
        pending.removeValue(forKey: id)
        try attempt("answer") { try waiting.answer(stanza, context) }
    }

    private func handle(
        command name: String, _ arguments: JSONDocument, _ reply: @escaping @Sendable (Result<JSON, CommandError>) -> Void
    ) throws {
        guard let handler = registry.commands[name] else {
            replies.append { reply(.failure(CommandError("not-found", "there is no command '\(name)'"))) }
            return
        }
        var result: Result<JSON, CommandError> = .failure(CommandError("internal-error", "not run"))
        try attempt("command") {
            do {
                result = .success(try handler(arguments.root, context))
            } catch let error as CommandError {
                result = .failure(error)
                throw error
            } catch let error as JSONError {
                let refusal = CommandError("bad-request", "\(error)")
                result = .failure(refusal)
                throw refusal
            } catch {
                result = .failure(CommandError("internal-error", "\(error)"))
                throw error
            }
        }
        replies.append { reply(result) }
    }

    // MARK: - Timers

    private func fireTimers(_ now: Timestamp) throws {
        if let due = timersDue, due <= now {
            for timer in try store.dueTimers(at: now, limit: limits.batchControl) {
                try store.clearTimer(name: timer.name, key: timer.key)
                guard let handler = registry.timers[timer.name] else { continue }
                try attempt("timer") { try handler(timer.key, context) }
            }
            timersDue = try store.nextTimer()
        }
    }

    private func ringAlarms(_ now: Timestamp) throws {
        let due = alarms.prefix { $0.due <= now }
        alarms.removeFirst(due.count)
        for alarm in due { try attempt("alarm") { try alarm.ring(context) } }
    }

    private func giveUpUnanswered(_ now: Timestamp) {
        guard let due = pendingDue, due <= now else { return }
        pendingDue = nil
        for (id, waiting) in pending {
            if waiting.due <= now {
                pending.removeValue(forKey: id)
                do { try attempt("unanswered request") { try waiting.answer(nil, context) } } catch {
                    logger.error("unanswered request failed", metadata: ["error": "\(error)"])
                }
            } else {
                pendingDue = pendingDue.map { min($0, waiting.due) } ?? waiting.due
            }
        }
    }
}
