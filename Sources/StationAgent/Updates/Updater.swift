// SPDX-License-Identifier: Apache-2.0
import Logging
import StationDigest
import StationModel
import StationPKI
import StationProtocol
import XMLStream

/// What became of a status that was to be sent.
public enum StatusDelivery: Hashable, Sendable {
    /// The component has taken it.
    case acknowledged
    /// The component does not know the job any more.
    case unwanted
    /// Not now: no connection, or the component is busy.
    case later
}

/// Performs ``UpdateTable``: one job at a time, each state saved before it is entered.
public actor Updater {
    /// What to do after a step.
    public enum Step: Hashable, Sendable {
        /// Take another step at once.
        case again
        /// Take another step at this time (UTC seconds), or when something happens; nil: only then.
        case wait(until: Int64?)
        /// The agent has to be started again, by whoever runs it.
        case restart
    }

    /// What the updater needs of the agent around it.
    public struct Surroundings: Sendable {
        /// UTC seconds.
        public var now: @Sendable () -> Int64
        /// Reports waiting in the spool.
        public var waitingReports: @Sendable () async -> Int
        /// Sends an `update-status`.
        public var send: @Sendable (Element) async -> StatusDelivery
        /// Introduces the station anew, so that it has the newest keys; false if that is not possible now.
        public var renewKeys: @Sendable () async -> Bool

        /// Makes surroundings.
        public init(
            now: @escaping @Sendable () -> Int64, waitingReports: @escaping @Sendable () async -> Int,
            send: @escaping @Sendable (Element) async -> StatusDelivery,
            renewKeys: @escaping @Sendable () async -> Bool = { false }
        ) {
            self.now = now
            self.waitingReports = waitingReports
            self.send = send
            self.renewKeys = renewKeys
        }
    }

    let identity: StationIdentity
    let serial: Serial
    let settings: UpdateSettings
    let surroundings: Surroundings
    let download: ArtifactDownload
    let logger: Logger
    private let folder: String
    private(set) var job: UpdateJob?
    /// Whether this process began with an update that had asked for a restart.
    private var hasRestarted: Bool
    private var repeatsFinalStatus = false

    /// Opens the update that was under way, if there is one.
    public init(
        _ identity: StationIdentity, settings: UpdateSettings, surroundings: Surroundings, logger: Logger
    ) throws(AgentError) {
        self.identity = identity
        self.settings = settings
        self.surroundings = surroundings
        self.logger = logger
        folder = identity.folder + "/updates"
        do { serial = try Serial(identity.state.serial) } catch { throw AgentError(.identity, "\(error)") }
        download = ArtifactDownload(folder: folder, allowsFiles: settings.allowsFiles)
        try makeFolder(folder)
        job = try UpdateJob.read(folder + "/job.json")
        hasRestarted = job?.state == .restarting
        Self.removeArtifacts(in: folder, notOf: job, logger)
    }

    /// The job and where it stands.
    public var standing: (job: String, state: UpdateState)? { job.map { ($0.offer.job, $0.state) } }

    // MARK: The offer

    /// Answers an offer. The same job again gets an answer again, and is not begun twice.
    ///
    /// Keys are told in introductions only, so an offer by a key that is not known may be newer than the last one: then
    /// the station introduces itself anew, and judges with what it was told.
    public func offer(_ offer: Update) async throws(AgentError) -> UpdateAnswer {
        if knowsNoKey(of: offer), await !surroundings.renewKeys(), knowsNoKey(of: offer) {
            return UpdateAnswer(
                job: offer.job, answer: .deferred, until: Double(surroundings.now() + 60),
                reason: UpdateRefusal.Reason.unknownKey.rawValue)
        }
        return try await judge(offer)
    }

    private func knowsNoKey(of offer: Update) -> Bool {
        guard job?.offer != offer else { return false }
        do throws(UpdateRefusal) { _ = try verify(offer, surroundings.now()) } catch { return error.reason == .unknownKey }
        return false
    }

    private func judge(_ offer: Update) async throws(AgentError) -> UpdateAnswer {
        let now = surroundings.now()
        if let job, job.offer.job == offer.job { return try await offerAgain(offer, job, now) }
        if let job, !job.state.isFinal, job.state != .waiting {
            return UpdateAnswer(
                job: offer.job, answer: .deferred, until: Double(now + 600), reason: UpdateRefusal.Reason.busy.rawValue)
        }
        do throws(UpdateRefusal) {
            let verified = try verify(offer, now)
            var next = UpdateJob(offer: offer, state: .offered, since: now)
            guard let state = UpdateTable.next(.offered, verified.runsAlready ? .alreadyRunning : .accepted) else {
                throw UpdateRefusal(.unreadable)
            }
            next.state = state
            return try await take(next, verified, now)
        } catch {
            logger.notice("update refused", metadata: ["job": "\(offer.job)", "reason": "\(error)"])
            return UpdateAnswer(job: offer.job, answer: .refused, reason: error.description)
        }
    }

    private func take(_ next: UpdateJob, _ verified: VerifiedUpdate, _ now: Int64) async throws(UpdateRefusal) -> UpdateAnswer {
        let moment = await decide(verified.window, now)
        guard verified.runsAlready || moment != .never else { throw UpdateRefusal(.windowOver) }
        do throws(AgentError) { try save(next) } catch { throw UpdateRefusal(.noArtifact, "\(error)") }
        logger.info("update taken", metadata: ["job": "\(next.offer.job)", "version": "\(verified.manifest.version)"])
        if !verified.runsAlready, case .later(let until) = moment {
            return UpdateAnswer(job: next.offer.job, answer: .deferred, until: Double(until), reason: "a better moment")
        }
        return UpdateAnswer(job: next.offer.job, answer: .accepted)
    }

    private func offerAgain(_ offer: Update, _ known: UpdateJob, _ now: Int64) async throws(AgentError) -> UpdateAnswer {
        let id = offer.job
        if known.state.isFinal { repeatsFinalStatus = true }
        if offer != known.offer {
            do throws(UpdateRefusal) {
                _ = try verify(offer, now)
            } catch { return UpdateAnswer(job: id, answer: .refused, reason: error.description) }
            var renewed = known
            renewed.offer = offer
            try save(renewed)
        }
        switch known.state {
        case .failing, .failed:
            return UpdateAnswer(job: id, answer: .refused, reason: known.detail)
        case .rollingBack, .rolledBack:
            return UpdateAnswer(job: id, answer: .refused, reason: known.detail)
        case .waiting:
            let window = UpdateWindow(
                notBefore: UpdateVerifier.seconds(offer.notBefore), deadline: UpdateVerifier.seconds(offer.deadline))
            if case .later(let until) = await decide(window, now) {
                return UpdateAnswer(job: id, answer: .deferred, until: Double(until), reason: "a better moment")
            }
            return UpdateAnswer(job: id, answer: .accepted)
        default:
            return UpdateAnswer(job: id, answer: .accepted)
        }
    }

    func decide(_ window: UpdateWindow, _ now: Int64) async -> MomentDecision {
        let waiting = await surroundings.waitingReports()
        return settings.moment.decide(now: now, window: window, activity: StationActivity(waitingReports: waiting))
    }

    func verify(_ offer: Update, _ now: Int64) throws(UpdateRefusal) -> VerifiedUpdate {
        guard settings.install != nil else { throw UpdateRefusal(.noInstaller) }
        let state = identity.state
        let keys = state.releaseKeys.compactMap { text in
            Base64URL.decode(text).flatMap { try? P256PublicKey(point: $0) }
        }
        let director = state.directorKey.flatMap(Base64URL.decode).flatMap { try? P256PublicKey(point: $0) }
        let running = state.firmware ?? InstalledFirmware(version: "", sequence: 0)
        let download = download
        let verifier = UpdateVerifier(
            serial: serial, hardware: state.hardware, releaseKeys: keys, directorKey: director, firmware: running,
            artifactBytes: settings.artifactBytes, canFetch: { download.canFetch($0) })
        return try verifier.verify(offer, now: now)
    }

    // MARK: Keeping

    /// Saves a state, then enters it.
    func save(_ next: UpdateJob) throws(AgentError) {
        try next.write(folder + "/job.json")
        if next.state != job?.state {
            logger.info(
                "update state", metadata: ["job": "\(next.offer.job)", "state": "\(next.state.rawValue)"])
        }
        job = next
        Self.removeArtifacts(in: folder, notOf: next, logger)
    }

    /// Artifacts are kept while they are fetched and installed, and no longer: a station's disk is small.
    private static func removeArtifacts(in folder: String, notOf job: UpdateJob?, _ logger: Logger) {
        var kept: [String] = []
        if let job, job.state == .downloading || job.state == .installing {
            kept = (try? Manifest.decode(text: job.offer.manifest.payload))?.artifacts.map { $0.sha256.lowercased() } ?? []
        }
        do throws(AgentError) {
            for name in try namesInFolder(folder) where name.hasSuffix(".artifact") || name.hasSuffix(".part") {
                if !kept.contains(where: { name.hasPrefix($0) }) { try removeFile(folder + "/" + name) }
            }
        } catch {
            logger.warning("artifact not removed", metadata: ["reason": "\(error)"])
        }
    }

    /// Follows a row of the table.
    func enter(_ event: UpdateEvent, detail: String? = nil) throws(AgentError) {
        guard var next = job, let state = UpdateTable.next(next.state, event) else { return }
        next.state = state
        next.since = surroundings.now()
        next.attempts = 0
        if let detail { next.detail = String(detail.prefix(500)) }
        try save(next)
    }

    /// Counts an attempt at the present state's work, before it is begun.
    func countAttempt() throws(AgentError) -> Int64 {
        guard var next = job else { return 0 }
        next.attempts += 1
        try save(next)
        return next.attempts
    }

    func takeRestartMark() -> Bool {
        defer { hasRestarted = false }
        return hasRestarted
    }

    func takeRepeatMark() -> Bool {
        defer { repeatsFinalStatus = false }
        return repeatsFinalStatus
    }

    func restoreRepeatMark() { repeatsFinalStatus = true }
}
