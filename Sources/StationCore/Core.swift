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
    var pending: PendingRequests
    var timersDue: Timestamp?
    private var replies: [() -> Void] = []
    var alarms = DueQueue<(CoreContext) throws -> Void>()
    var time: SteadyTime
    /// Commands and control that the last batch had no time for, in their order.
    var putOff: [CoreRequest] = []

    public init(
        domain: JID, store: any CoreStore, modules: [any CoreModule], clock: any CoreClock, random: any CoreRandom,
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
        output = CoreOutput(outlet: outlet, domain: domain.domain, limits: limits)
        pending = PendingRequests(limit: limits.pendingRequests)
        time = SteadyTime(clock: clock.now(), ticks: clock.ticks())
        var registry = CoreRegistry()
        for module in modules { module.register(on: &registry) }
        self.registry = registry
    }

    /// Loads the modules' tables. Call once, before the first batch.
    public func start() throws {
        moveTime()
        try store.transaction {
            for module in modules { try module.load() }
            timersDue = try store.nextTimer()
        }
        tellNotices()
    }

    /// The last thing, after the last batch.
    public func finish() throws { try store.close() }

    /// How many requests were put off and come first in the next batch; so many fewer are to be taken.
    public var putOffCount: (commands: Int, control: Int) {
        if putOff.isEmpty { return (0, 0) }
        let commands = putOff.count(where: \.isCommand)
        return (commands, putOff.count - commands)
    }

    /// Handles the requests in one transaction, after those that the last batch has put off. Throws only if the store
    /// failed: then nothing was acknowledged, and the process has to end (a failed fsync is never retried).
    public func process(_ requests: [CoreRequest]) throws {
        moveTime()
        output.now = context.now
        output.look()
        try store.transaction {
            context.isLinkCongested = output.isCongested
            context.refusedChunks = output.refusedChunks
            try handleAll(inOrder(requests))
            if output.takeRelief() {
                for handler in registry.linkReliefs { try attempt("link relieved") { try handler(context) } }
            }
            try fireTimers()
            try giveUpUnanswered()
            try ringAlarms()
        }
        tellNotices()
        release()
    }

    /// Whether this batch has run for as long as commands, control and timers may hold it up.
    var isOutOfTime: Bool { clock.ticks() &- context.ticks > limits.batchMilliseconds &* 1_000_000 }

    /// Reports are taken in any case: there are only so many of them. What else there is has a limit in time, since one of
    /// them may cost a hundred times as much as another.
    private func handleAll(_ requests: [CoreRequest]) throws {
        var isOver = false
        for request in requests {
            switch request {
            case .reports, .shed: try handle(request)
            default:
                guard !isOver else {
                    putOff.append(request)
                    continue
                }
                try handle(request)
                isOver = isOutOfTime
            }
        }
    }

    /// What was put off comes before what is new of its kind.
    private func inOrder(_ requests: [CoreRequest]) -> [CoreRequest] {
        guard !putOff.isEmpty else { return requests }
        let old = putOff
        putOff.removeAll(keepingCapacity: true)
        let shed = requests.prefix { if case .shed = $0 { true } else { false } }
        let new = requests[shed.endIndex...]
        var ordered = Array(shed)
        for isCommand in [true, false] {
            ordered += old.filter { $0.isCommand == isCommand }
            ordered += new.filter { $0.isCommand == isCommand }
        }
        return ordered
    }

    // MARK: - Effects

    /// After the commit: replies first, then fan-out, then work.
    private func release() {
        let effects = context.effects
        context.effects = CoreContext.Effects()
        for acknowledgement in effects.acknowledgements { acknowledgement(output) }
        for stanza in effects.stanzas { output.send(stanza) }
        for request in effects.requests { send(request) }
        if output.takeForeign() { logger.critical("stanzas that were not from our domain were left out") }
        output.flush()
        for reply in replies { reply() }
        replies.removeAll(keepingCapacity: true)
        for hook in effects.hooks { hook(output) }
        output.flush()
        for work in effects.works { start(work) }
        output.flush()
        for alarm in effects.alarms { alarms.insert(alarm.ring, due: alarm.due) }
    }

    private func send(_ request: CoreContext.Request) {
        guard let id = request.stanza.id else { return }
        pending.insert(
            PendingRequests.Request(to: request.stanza.to, answer: request.answer), id: id,
            due: context.ticks(after: request.timeout))
        output.send(request.stanza)
    }

    /// Beyond the limit, work for a stanza is refused with an answer; work of our own is bounded by those who ask for it.
    private func start(_ work: CoreContext.Work) {
        if works.count >= limits.pendingWork, let stanza = work.stanza {
            if let answer = stanza.error(StanzaError(.resourceConstraint, "too busy; try again later")) { output.send(answer) }
            return
        }
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
        case .linkReady(let generation):
            output.linkIs(up: generation)
            context.isLinkCongested = output.isCongested
            for handler in registry.linkReadies { try attempt("link ready") { try handler(context) } }
        case .linkLost(let loss):
            output.linkIs(up: nil)
            context.isLinkCongested = true
            for handler in registry.linkLosses { try attempt("link lost") { try handler(loss, context) } }
        case .shed(let senders):
            for handler in registry.sheds {
                guard let senders else { handler(nil, context); continue }
                for sender in senders { handler(sender, context) }
            }
        case .presenceLost:
            for handler in registry.presenceLosses { try attempt("presence lost") { try handler(context) } }
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
            // Clients put a body, a thread or an id of theirs beside what is meant for us.
            let payloads = stanza.element.children.lazy.map(\.name)
            let known = payloads.first { self.registry.messages[$0] != nil }
            guard let payload = known ?? payloads.first(where: { $0.namespace == Namespaces.stationmaster }) else { return }
            try attempt("message", stanza) {
                guard let handler = registry.messages[payload] else {
                    throw StanzaError(.featureNotImplemented, "unknown kind of payload")
                }
                try handler(stanza, context)
            }
        case .presence:
            for handler in registry.presences { try attempt("presence") { try handler(stanza, context) } }
        }
    }

    /// Late, twice or from another sender is ignored, and counted.
    private func answer(with stanza: Stanza) throws {
        guard let id = stanza.id, let waiting = pending.take(id: id, from: stanza.from) else {
            context.ignoredAnswers &+= 1
            return
        }
        try attempt("answer") { try waiting.answer(stanza, context) }
    }

    private func handle(
        command name: String, _ arguments: JSONDocument, _ reply: @escaping @Sendable (Result<JSON, CommandError>) -> Void
    ) throws {
        if let handler = registry.longCommands[name] { return try begin(handler, arguments, reply) }
        guard let handler = registry.commands[name] else {
            replies.append { reply(.failure(CommandError("not-found", "there is no command '\(name)'"))) }
            return
        }
        var result: Result<JSON, CommandError> = .failure(CommandError("internal-error", "not run"))
        let isDone = try attempt("command") {
            result = try Self.refusing { try handler(arguments.root, context) } else: { result = .failure($0) }
        }
        // What follows from a command may fail when its handler has returned.
        if !isDone, case .success = result {
            result = .failure(CommandError("internal-error", "the command could not be carried out"))
        }
        replies.append { reply(result) }
    }

    private func begin(
        _ handler: CoreRegistry.LongCommandHandler, _ arguments: JSONDocument,
        _ reply: @escaping @Sendable (Result<JSON, CommandError>) -> Void
    ) throws {
        let answer = { [unowned self] (result: Result<JSON, CommandError>) in replies.append { reply(result) } }
        try attempt("command") {
            _ = try Self.refusing { try handler(arguments.root, context, answer) } else: { answer(.failure($0)) }
        }
    }

    /// Runs a command; what it throws is told as a refusal, and thrown on.
    private static func refusing<T>(_ body: () throws -> T, else refuse: (CommandError) -> Void) throws -> Result<T, CommandError> {
        do {
            return .success(try body())
        } catch let error as CommandError {
            refuse(error)
            throw error
        } catch let error as JSONError {
            let refusal = CommandError("bad-request", "\(error)")
            refuse(refusal)
            throw refusal
        } catch {
            refuse(CommandError("internal-error", "\(error)"))
            throw error
        }
    }
}
