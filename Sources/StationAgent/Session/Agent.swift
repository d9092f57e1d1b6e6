// SPDX-License-Identifier: Apache-2.0
import Logging
import StationModel
import StationPKI
import StationProtocol
import XMPPCore
import XMPPTransport

/// A station: measures, keeps what it measured, introduces itself at every login, reports, takes updates.
///
/// The spool and the reporter are confined to this actor; what waits (sockets, downloads, sleep) runs beside it.
public actor Agent {
    /// Why ``run()`` returned.
    public enum Outcome: Hashable, Sendable {
        /// The task was cancelled.
        case stopped
        /// An update is installed: start the program again.
        case restart
    }

    nonisolated let identity: StationIdentity
    nonisolated let settings: AgentSettings
    nonisolated let environment: AgentEnvironment
    nonisolated let serial: Serial
    nonisolated let component: JID
    nonisolated let logger: Logger
    private let sensor: any Sensor
    nonisolated let wakeReports = Signal()
    nonisolated let wakeUpdates = Signal()
    nonisolated let wakeSensor = Signal()
    let spool: Spool
    var reporter: Reporter
    var sentAt: [Int64: ContinuousClock.Instant] = [:]
    var conversation: (any ComponentConversation)?
    private var updater: Updater?
    var logins = LoginChoice()
    nonisolated let started = ContinuousClock.now

    /// Makes an agent for an identity that has been engraved and released.
    public init(
        _ identity: StationIdentity, settings: AgentSettings, sensor: any Sensor, environment: AgentEnvironment
    ) throws(AgentError) {
        let state = identity.state
        guard state.phase >= .released else {
            throw AgentError(.identity, "\(identity.folder) is not engraved yet; run: station engrave")
        }
        self.identity = identity
        self.settings = settings
        self.sensor = sensor
        self.environment = environment
        do { serial = try Serial(state.serial) } catch { throw AgentError(.identity, "\(state.serial): \(error)") }
        if let given = settings.component {
            component = given
        } else {
            do { component = try JID(state.component) } catch {
                throw AgentError(.identity, "\(state.component) is no address")
            }
        }
        var logger = environment.logger
        logger[metadataKey: "serial"] = "\(state.serial)"
        self.logger = logger
        spool = try Spool(folder: identity.folder + "/spool", limits: settings.spool)
        reporter = Reporter(window: settings.window)
        if state.firmware == nil {
            try identity.update { $0.firmware = settings.firmware }
        }
    }

    /// Reports that wait for their acknowledgement.
    public var waitingReports: Int { spool.count }

    /// Runs until the task is cancelled, an update asks for a restart, or the disk fails.
    public func run() async throws(AgentError) -> Outcome {
        let updater = try makeUpdater()
        self.updater = updater
        // What runs now decides what the first introduction says.
        if await updater.standing?.state == .restarting, try await updater.step() == .restart { return .restart }
        let result = await withTaskGroup(of: Result<Outcome, AgentError>.self) { tasks in
            tasks.addTask { await self.keepSessions() }
            tasks.addTask { await self.keepMeasuring() }
            tasks.addTask { await self.keepUpdating(updater) }
            let first = await tasks.next() ?? .success(.stopped)
            tasks.cancelAll()
            await tasks.waitForAll()
            return first
        }
        do throws(AgentError) { try spool.close() } catch {
            guard case .failure = result else { throw error }
        }
        return try result.get()
    }

    // MARK: Measuring

    private nonisolated func keepMeasuring() async -> Result<Outcome, AgentError> {
        while !Task.isCancelled {
            guard let interval = measuringInterval else {
                await wakeSensor.wait(for: nil)
                continue
            }
            let begun = ContinuousClock.now
            do throws(AgentError) { try await measure() } catch { return .failure(error) }
            try? await Task.sleep(until: begun + .milliseconds(Int64(min(max(0.05, interval), 2_678_400) * 1000)), clock: .continuous)
        }
        return .success(.stopped)
    }

    /// Nothing is measured before the owner has taken the station: nobody is to have it.
    private nonisolated var measuringInterval: Double? {
        let state = identity.state
        guard state.phase == .installed else { return nil }
        return settings.interval ?? state.interval.map { max(1, $0) } ?? 60
    }

    /// Measures once; the report is on the disk when this returns.
    public func measure() async throws(AgentError) {
        let records: [SenMLRecord]
        do { records = try await sensor.measure(at: environment.now()) } catch {
            logger.warning("sensor failed", metadata: ["reason": "\(error)"])
            return
        }
        guard !records.isEmpty else { return }
        let text = "[" + records.map(\.json.text).joined(separator: ",") + "]"
        do throws(AgentError) {
            let number = try spool.append(Array(text.utf8))
            try spool.sync()
            environment.observe(.taken(number))
        } catch {
            // A full disk passes; a spool whose sync failed does not come back.
            guard error.code == .tooLarge || spool.isAlive else { throw error }
            logger.error("report lost", metadata: ["reason": "\(error)"])
            return
        }
        wakeReports.raise()
    }

    // MARK: Updates

    private func makeUpdater() throws(AgentError) -> Updater {
        let now = environment.now
        return try Updater(
            identity, settings: settings.update,
            surroundings: Updater.Surroundings(
                now: { Int64(now().seconds) },
                waitingReports: { [weak self] in await self?.waitingReports ?? 0 },
                send: { [weak self] payload in await self?.sendStatus(payload) ?? .later },
                renewKeys: { [weak self] in await self?.renewKeys() ?? false }),
            logger: logger)
    }

    private nonisolated func keepUpdating(_ updater: Updater) async -> Result<Outcome, AgentError> {
        while !Task.isCancelled {
            do throws(AgentError) {
                switch try await updater.step() {
                case .again: continue
                case .restart: return .success(.restart)
                case .wait(nil): await wakeUpdates.wait(for: nil)
                case .wait(let until?):
                    let pause = max(1, min(3600, until &- Int64(environment.now().seconds)))
                    await wakeUpdates.wait(for: .seconds(pause))
                }
            } catch { return .failure(error) }
        }
        return .success(.stopped)
    }

    /// Answers an offer, and sets the updater going.
    func offered(_ offer: Update) async throws(AgentError) -> UpdateAnswer {
        guard let updater else { throw AgentError(.unreachable, "the agent is not running") }
        let answer = try await updater.offer(offer)
        wakeUpdates.raise()
        return answer
    }

    /// Introduces the station once more, beside its reports, for the keys that the answer tells.
    func renewKeys() async -> Bool {
        guard identity.state.phase == .installed, let conversation else { return false }
        do throws(AgentError) {
            _ = try await introduce(over: conversation, as: .ldevid)
            return true
        } catch {
            logger.warning("no newer keys", metadata: ["reason": "\(error)"])
            return false
        }
    }

    private func sendStatus(_ payload: XMPPElement) async -> StatusDelivery {
        guard reporter.isOnline, let conversation else { return .later }
        do throws(AskFailure) {
            _ = try await conversation.ask(payload)
            return .acknowledged
        } catch {
            guard case .refused(let refusal) = error else { return .later }
            switch refusal.condition {
            case .resourceConstraint, .internalServerError, .serviceUnavailable, .remoteServerNotFound,
                .remoteServerTimeout, .recipientUnavailable, .forbidden:
                return .later
            default:
                logger.warning("update status refused", metadata: ["reason": "\(refusal)"])
                return .unwanted
            }
        }
    }

    /// Whole seconds since the agent was made.
    nonisolated var uptime: Int64 { started.duration(to: .now).components.seconds }
}
