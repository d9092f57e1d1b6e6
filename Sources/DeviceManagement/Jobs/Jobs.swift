// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationDigest
import StationModel
import StationProtocol
import XMLStream
import XMPPCore

/// The job engine: an offer that is stored, sent whenever the station comes online until it has ended,
/// moved by the kind's transition table, and ended by a timer when the station falls silent.
public final class Jobs {
    private let store: any DeviceStore
    private let roster: StationRoster
    private let domain: JID
    private let silence: Duration
    private var kinds: [String: any JobKind] = [:]
    private static let deadlineTimer = "job-deadline"
    private static let silenceTimer = "job-silence"

    init(store: any DeviceStore, roster: StationRoster, domain: JID, silence: Duration) {
        self.store = store
        self.roster = roster
        self.domain = domain
        self.silence = silence
    }

    func add(_ kind: any JobKind) { kinds[kind.name] = kind }

    func register(on core: inout CoreRegistry) {
        core.timer(Self.deadlineTimer) { [self] id, context in
            guard let job = try store.job(id), !job.isEnded else { return }
            try late(job, context)
        }
        core.timer(Self.silenceTimer) { [self] id, context in
            guard let job = try store.job(id), !job.isEnded else { return }
            try offer(job, context)
        }
        core.event { [self] event, context in
            switch event {
            case .ready(let serial): try offerAll(of: serial, context)
            case .revoked(let serial), .retired(let serial): try cancelAll(of: serial, context)
            default: break
            }
        }
    }

    // MARK: - The life of a job

    /// Stores a new job and offers it if its station is online.
    func create(
        _ kind: any JobKind, serial: Serial, payload: String, deadline: Timestamp, _ context: CoreContext
    ) throws -> JobRecord {
        let id = Hex.encode(context.randomBytes(16))
        let job = JobRecord(
            id: id, kind: kind.name, serial: serial, state: JobState.offered, payload: payload, detail: "",
            created: context.now, updated: context.now, deadline: deadline, isEnded: false)
        try store.insert(job)
        context.schedule(Self.deadlineTimer, key: id, due: deadline)
        context.journal(serial, .job, "\(kind.name) offered", detail: id)
        try offer(job, context)
        return job
    }

    /// Moves a job by its table. A move that the table does not have is refused.
    @discardableResult
    func move(_ job: JobRecord, on event: String, detail: String, _ context: CoreContext) throws -> JobRecord {
        guard let kind = kinds[job.kind], let next = kind.next(job.state, on: event) else {
            throw StanzaError(.unexpectedRequest, "a job that is \(job.state) cannot become \(event)")
        }
        var job = job
        job.detail = String(detail.prefix(500))
        job.updated = context.now
        let moved = job.state != next
        job.state = next
        job.isEnded = JobState.final.contains(next)
        try store.update(job)
        if job.isEnded {
            context.cancel(Self.deadlineTimer, key: job.id)
            context.cancel(Self.silenceTimer, key: job.id)
        } else {
            context.schedule(Self.silenceTimer, key: job.id, due: context.now.adding(silence))
        }
        if moved {
            context.journal(job.serial, .job, "\(job.kind) \(next)", detail: detail.isEmpty ? job.id : detail)
        }
        return job
    }

    /// Ends a job whose deadline has passed, or waits for a station that is at work for as long as its kind allows.
    private func late(_ job: JobRecord, _ context: CoreContext) throws {
        guard let kind = kinds[job.kind] else { return }
        let end = job.deadline.adding(kind.grace(in: job.state))
        guard context.now >= end else { return context.schedule(Self.deadlineTimer, key: job.id, due: end) }
        try move(job, on: JobEvent.deadline, detail: try kind.lateness(job), context)
    }

    func job(_ id: String) throws -> JobRecord? { try store.job(id) }

    // MARK: - Offers

    private func offerAll(of serial: Serial, _ context: CoreContext) throws {
        for job in try store.openJobs(of: serial) { try offer(job, context) }
    }

    private func cancelAll(of serial: Serial, _ context: CoreContext) throws {
        for job in try store.openJobs(of: serial) {
            try move(job, on: JobEvent.cancel, detail: "the station is no longer in service", context)
        }
    }

    private func offer(_ job: JobRecord, _ context: CoreContext) throws {
        guard let kind = kinds[job.kind], try roster.address(of: job.serial) != nil else { return }
        // Nothing is offered that has expired, even if its timer is still to fire.
        guard context.now < job.deadline else { return try late(job, context) }
        let id = job.id
        // Until the station has spoken, the offer is made again from time to time.
        context.schedule(Self.silenceTimer, key: id, due: context.now.adding(silence))
        let make = try kind.offer(job, context)
        context.perform("offer \(kind.name)") { Result { try make() } } then: { [self] request, context in
            guard let job = try store.job(id), !job.isEnded else { return }
            try send(try request.get(), job, kind, context)
        }
    }

    private func send(_ request: Element, _ job: JobRecord, _ kind: any JobKind, _ context: CoreContext) throws {
        guard let address = try roster.address(of: job.serial) else { return }
        let id = job.id
        context.request(
            .set, from: domain, to: address.jid, encoding: address.encoding, request
        ) { [self] answer, context in
            guard let job = try store.job(id), !job.isEnded else { return }
            try answered(job, kind, answer, context)
        }
    }

    private func answered(
        _ job: JobRecord, _ kind: any JobKind, _ answer: Stanza?, _ context: CoreContext
    ) throws {
        // Unanswered: the silence timer or the next login offers it again.
        guard let answer else { return }
        var verdict = (event: JobEvent.unsupported, detail: "the station does not support this")
        if answer.type == "error" {
            guard answer.error?.condition == .featureNotImplemented else { return }
        } else {
            guard let payload = answer.payload else { return }
            verdict = try kind.answer(job, payload)
        }
        // An answer that was given before says nothing new.
        guard kind.next(job.state, on: verdict.event) != nil else { return }
        try move(job, on: verdict.event, detail: verdict.detail, context)
    }
}
