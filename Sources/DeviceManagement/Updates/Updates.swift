// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationDigest
import StationJSON
import StationModel
import StationPKI
import StationProtocol
import XMLStream
import XMPPCore

/// UC007-3, software update: a signed manifest is offered with a window; the station chooses the moment,
/// and tells each step. *Completed* counts only with its signature.
final class Updates: JobKind {
    let name = "update"
    let transitions = Updates.table
    private let store: any DeviceStore
    private let jobs: Jobs
    private let configuration: DeviceConfiguration
    /// Times that can be written with a year of four digits.
    private static let times = 0...253_402_300_799.0
    /// The most stations that one command offers an update to: each is a row and an entry of the log in one transaction.
    private static let largestOffer = 1000
    /// How long after the deadline the word of a station that is at work still counts: what was begun within the window
    /// is not given up half-way. The agent gives an install command ten minutes and a restart an hour.
    private static let grace = Duration.seconds(2 * 3600)

    init(store: any DeviceStore, jobs: Jobs, configuration: DeviceConfiguration) {
        self.store = store
        self.jobs = jobs
        self.configuration = configuration
    }

    func register(on core: inout CoreRegistry) {
        core.iq(.set, UpdateStatus.xmlName) { [self] in try status($0, $1) }
        core.command("update.offer") { [self] in try offer($0, $1) }
        core.command("update.status") { [self] in try status($0, $1) }
        core.command("release.trust") { [self] in try trust($0, $1) }
        core.command("release.keys") { [self] _, _ in
            .object([.init("keys", .array(try store.releaseKeys().map { .string(Base64URL.encode($0)) }))])
        }
    }

    // MARK: - Offers

    private func offer(_ arguments: JSONValue, _ context: CoreContext) throws -> JSON {
        let envelope = try EnvelopeDocument.decode(arguments.require("manifest"))
        try verify(envelope)
        let manifest = try Manifest.decode(text: envelope.payload)
        let now = context.now.seconds
        guard manifest.expires > now else { throw CommandError("bad-request", "the manifest has expired") }
        // Nothing is offered, or installed, that has expired by then.
        let deadline = min(try arguments.require("deadline").requireDouble(in: Self.times), manifest.expires)
        let notBefore = try arguments["notBefore"]?.requireDouble(in: Self.times) ?? now
        guard deadline > now, deadline > notBefore, let end = Timestamp(seconds: deadline) else {
            throw CommandError("bad-request", "the deadline lies before the window's begin or in the past")
        }
        let serials = try arguments.require("serials").requireArray()
        guard (1...Self.largestOffer).contains(serials.count) else {
            throw CommandError("bad-request", "an offer goes to 1 to \(Self.largestOffer) stations")
        }
        var rows: [JSON] = []
        for item in serials {
            let serial = try Command.serial(item)
            let station = try eligible(serial, manifest)
            let payload = Payload(
                manifest: envelope, nonce: context.randomBytes(16), notBefore: notBefore, deadline: deadline)
            let job = try jobs.create(
                self, serial: station.serial, payload: payload.json.text, deadline: end, context)
            try context.audit(
                actor: "console", action: "update offered", subject: station.serial.description,
                detail: .object([
                    .init("job", .string(job.id)), .init("version", .string(manifest.version)),
                    .init("sequence", .integer(manifest.sequence)),
                    .init("manifest", .string(Hex.encode(Digest.sha256(envelope.payload)))),
                ]))
            rows.append(
                .object([.init("job", .string(job.id)), .init("serial", .string(station.serial.description))]))
        }
        return .object([.init("jobs", .array(rows))])
    }

    private func verify(_ envelope: EnvelopeDocument) throws {
        let keys = try store.releaseKeys().compactMap { try? P256PublicKey(point: $0) }
        guard !keys.isEmpty else {
            throw CommandError("forbidden", "no release key is trusted yet; use 'stationmaster release trust'")
        }
        do {
            guard envelope.type == "manifest" else { throw CommandError("bad-request", "this is no manifest") }
            try envelope.envelope.verify(role: "release", keys: keys, threshold: 1)
        } catch let error as CommandError { throw error } catch {
            throw CommandError("forbidden", "the manifest is not signed by a trusted release key (\(error))")
        }
    }

    private func eligible(_ serial: Serial, _ manifest: Manifest) throws -> StationRecord {
        guard let station = try store.station(serial), station.state == .installed else {
            throw CommandError("not-found", "station \(serial) is not installed")
        }
        guard !station.hardware.isEmpty else {
            throw CommandError("conflict", "the hardware class of station \(serial) is not known here")
        }
        guard manifest.hardware.contains(station.hardware) else {
            throw CommandError(
                "conflict", "the manifest is not for hardware \(station.hardware), which station \(serial) has")
        }
        guard manifest.sequence > station.highestSequence else {
            let runs = station.highestSequence == station.firmwareSequence ? "runs" : "has run"
            throw CommandError(
                "conflict", "station \(serial) \(runs) sequence \(station.highestSequence), not below \(manifest.sequence)")
        }
        guard manifest.from?.contains(station.firmwareSequence) ?? true else {
            throw CommandError(
                "conflict", "the manifest allows no step from sequence \(station.firmwareSequence), which station \(serial) runs")
        }
        if try store.openJobs(of: serial).contains(where: { $0.kind == name }) {
            throw CommandError("conflict", "station \(serial) has an update under way")
        }
        return station
    }

    private func trust(_ arguments: JSONValue, _ context: CoreContext) throws -> JSON {
        guard let point = Base64URL.decode(try arguments.require("key").requireString()),
            let key = try? P256PublicKey(point: point)
        else { throw CommandError("bad-request", "this is no P-256 public key") }
        try store.trustReleaseKey(point, at: context.now)
        try context.audit(
            actor: "console", action: "release key trusted", subject: key.keyIdentifier, detail: .object([JSON.Member]()))
        return .object([.init("key", .string(key.keyIdentifier))])
    }

    // MARK: - The job kind

    func offer(_ job: JobRecord, _ context: CoreContext) throws -> @Sendable () throws -> Element {
        let payload = try Payload(text: job.payload)
        let manifest = try Manifest.decode(text: payload.manifest.payload)
        let now = context.now.seconds
        let assignment = Assignment(
            manifest: Hex.encode(Digest.sha256(payload.manifest.payload)), serial: job.serial,
            sequence: manifest.sequence, notBefore: payload.notBefore, deadline: payload.deadline,
            nonce: payload.nonce, expires: min(now + 86_400, payload.deadline))
        let director = configuration.directorKey
        return {
            let signed = try EnvelopeDocument.signed(
                type: "assignment", payload: assignment.json, role: "director", with: director)
            return Update(
                job: job.id, manifest: payload.manifest, assignment: signed, notBefore: payload.notBefore,
                deadline: payload.deadline
            ).element
        }
    }

    func grace(in state: String) -> Duration {
        ["downloading", "installing", "restarting"].contains(state) ? Self.grace : .zero
    }

    func lateness(_ job: JobRecord) throws -> String {
        let payload = try Payload(text: job.payload)
        let manifest = try Manifest.decode(text: payload.manifest.payload)
        return payload.deadline < manifest.expires ? "the deadline has passed" : "the manifest has expired"
    }

    func answer(_ job: JobRecord, _ payload: XMLElement) throws(StanzaError) -> (event: String, detail: String) {
        let answer = try UpdateAnswer.decode(payload)
        guard answer.job == job.id else { throw StanzaError(.badRequest, "the answer is about another job") }
        let until = answer.until.flatMap { Timestamp(seconds: $0) }.map { " until \($0)" } ?? ""
        return (answer.answer.rawValue, (answer.reason ?? "") + until)
    }

    // MARK: - Steps

    private func status(_ stanza: Stanza, _ context: CoreContext) throws {
        guard let from = stanza.from, let payload = stanza.payload else { throw StanzaError.notAllowed }
        let status = try UpdateStatus.decode(payload)
        guard let job = try jobs.job(status.job), job.kind == name,
            let station = try store.station(job.serial), station.jid == from.bare, station.state == .installed
        else { throw StanzaError.notAllowed }
        if status.status.rawValue == job.state {
            return context.reply(to: stanza)  // said twice
        }
        guard status.status == .completed else {
            try jobs.move(job, on: status.status.rawValue, detail: status.detail ?? "", context)
            return context.reply(to: stanza)
        }
        try complete(stanza, payload, status, job, station, context)
    }

    /// Checks the signature on the pool, then the running version against the manifest.
    private func complete(
        _ stanza: Stanza, _ element: XMLElement, _ status: UpdateStatus, _ job: JobRecord, _ station: StationRecord,
        _ context: CoreContext
    ) throws {
        let text = try JSONContainer.json(in: element).bytes
        guard let point = station.operationalKey, let signature = PayloadSignature(in: element)
        else { throw StanzaError(.notAcceptable, "a completed update needs the station's signature") }
        context.perform("verify update status", for: stanza) { () -> Bool in
            guard let key = try? P256PublicKey(point: point) else { return false }
            return DetachedSignature.verify(
                context: "update-status", text: text, signature: signature.bytes, key: key)
        } then: { [self] isGenuine, context in
            guard isGenuine else {
                context.alarm(job.serial, "wrong signature on a completed update", from: configuration.domain)
                throw StanzaError(.notAcceptable, "the signature does not fit")
            }
            try accept(stanza, status, job.id, context)
        }
    }

    private func accept(_ stanza: Stanza, _ status: UpdateStatus, _ id: String, _ context: CoreContext) throws {
        guard let job = try jobs.job(id), var station = try store.station(job.serial) else { throw StanzaError.notAllowed }
        let payload = try Payload(text: job.payload)
        let manifest = try Manifest.decode(text: payload.manifest.payload)
        guard status.version == manifest.version, status.sequence == manifest.sequence,
            status.nonce == payload.nonce
        else { throw StanzaError(.notAcceptable, "the version that runs is not the one that was offered") }
        if job.isEnded && job.state == JobState.completed { return context.reply(to: stanza) }
        try jobs.move(job, on: "completed", detail: "runs \(manifest.version)", context)
        station.firmwareVersion = manifest.version
        station.firmwareSequence = manifest.sequence
        try store.update(station)
        try context.audit(
            actor: stanza.from?.description ?? "", action: "updated", subject: station.serial.description,
            detail: .object([
                .init("job", .string(id)), .init("version", .string(manifest.version)),
                .init("sequence", .integer(manifest.sequence)),
            ]))
        context.reply(to: stanza)
    }

    private func status(_ arguments: JSONValue, _ context: CoreContext) throws -> JSON {
        let serial = try arguments["serial"].map { try Command.serial($0) }
        let limit = Command.limit(arguments, 1000, most: 1000)
        let last = try (arguments["after"]?.requireString()).map { id -> JobRecord in
            guard let job = try store.job(id), job.kind == name else {
                throw CommandError("not-found", "the list has no such place")
            }
            return job
        }
        let found = try store.jobs(of: serial, kind: name, behind: last, limit: limit + 1)
        let page = found.prefix(limit)
        let rows = try page.map { job -> JSON in
            let payload = try Payload(text: job.payload)
            let manifest = try Manifest.decode(text: payload.manifest.payload)
            return .object([
                .init("job", .string(job.id)), .init("serial", .string(job.serial.description)),
                .init("state", .string(job.state)), .init("version", .string(manifest.version)),
                .init("detail", .string(job.detail)), .init("updated", .number(job.updated.seconds)),
            ])
        }
        let next = page.count < found.count ? page.last?.id : nil
        return .object([.init("jobs", .array(rows))] + (next.map { [.init("next", .string($0))] } ?? []))
    }
}
