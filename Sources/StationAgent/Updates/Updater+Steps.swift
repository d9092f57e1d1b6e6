// SPDX-License-Identifier: Apache-2.0
import StationDigest
import StationJSON
import StationPKI
import StationProtocol
import XMLStream

/// What is done in each state.
extension Updater {
    /// How often an interrupted installation is begun again.
    private static let installAttempts: Int64 = 3

    /// Takes one step. Call it at start, and again as it says.
    public func step() async throws(AgentError) -> Step {
        guard let job else { return .wait(until: nil) }
        let now = surroundings.now()
        if let longest = UpdateTable.longest(job.state), now &- job.since > longest {
            try enter(.timedOut, detail: job.detail.isEmpty ? "\(job.state.rawValue) lasted too long" : job.detail)
            return .again
        }
        switch job.state {
        case .offered: return .again
        case .waiting: return try await wait(job, now)
        case .downloading: return try await fetch(job, now)
        case .installing: return try await install(job, now)
        case .restarting: return try await restart(job)
        case .confirming, .failing, .rollingBack: return try await conclude(job)
        case .completed, .failed, .rolledBack:
            if takeRepeatMark(), await surroundings.send(try finalStatus(job)) == .later { restoreRepeatMark() }
            return .wait(until: nil)
        }
    }

    private func wait(_ job: UpdateJob, _ now: Int64) async throws(AgentError) -> Step {
        let verified: VerifiedUpdate
        do throws(UpdateRefusal) { verified = try verify(job.offer, now) } catch {
            switch error.reason {
            case .windowOver: try enter(.timedOut, detail: error.description)
            case .expiredAssignment:
                // The director renews it while the offer stands; the window's end is the end of waiting.
                guard now < UpdateVerifier.seconds(job.offer.deadline) else {
                    try enter(.expired, detail: error.description)
                    return .again
                }
                return .wait(until: now + 60)
            default: try enter(.expired, detail: error.description)
            }
            return .again
        }
        switch await decide(verified.window, now) {
        case .now: try enter(.momentCame)
        case .never: try enter(.timedOut, detail: UpdateRefusal(.windowOver).description)
        case .later(let until): return .wait(until: until)
        }
        return .again
    }

    private func fetch(_ job: UpdateJob, _ now: Int64) async throws(AgentError) -> Step {
        let verified: VerifiedUpdate
        do throws(UpdateRefusal) { verified = try verify(job.offer, now) } catch {
            try enter(.artifactRefused, detail: error.description)
            return .again
        }
        let attempt = try countAttempt()
        if attempt == 1 { await report(.downloading, job) }
        do {
            for artifact in verified.manifest.artifacts { _ = try await download.fetch(Self.description(of: artifact)) }
            try enter(.downloaded)
            return .again
        } catch let error as AgentError {
            throw error
        } catch let error as UpdateRefusal where error.reason != .artifactUnreachable {
            try enter(.artifactRefused, detail: error.description)
            return .again
        } catch {
            // Whatever else went wrong passes, or the window ends first.
            let pause = min(600, Int64(5) << min(attempt, 7))
            guard now + pause < verified.window.deadline else {
                try enter(.artifactRefused, detail: "\(error)")
                return .again
            }
            return .wait(until: now + pause)
        }
    }

    private func install(_ job: UpdateJob, _ now: Int64) async throws(AgentError) -> Step {
        guard let command = settings.install else {
            try enter(.installFailed, detail: UpdateRefusal(.noInstaller).description)
            return .again
        }
        let verified: VerifiedUpdate
        do throws(UpdateRefusal) { verified = try verify(job.offer, now) } catch {
            try enter(.artifactRefused, detail: error.description)
            return .again
        }
        let attempt = try countAttempt()
        guard attempt <= Self.installAttempts else {
            try enter(.installFailed, detail: "interrupted \(Self.installAttempts) times")
            return .again
        }
        await report(.installing, job)
        do {
            for artifact in verified.manifest.artifacts {
                // Checked once more: what is installed is what was signed.
                let path = try await download.fetch(Self.description(of: artifact))
                _ = try await command.run(artifact: path)
            }
        } catch {
            try enter(.installFailed, detail: "\(error)")
            return .again
        }
        try enter(.installed)
        await report(.restarting, job)
        return .restart
    }

    private func restart(_ job: UpdateJob) async throws(AgentError) -> Step {
        guard takeRestartMark() else { return .restart }
        guard let manifest = try? Manifest.decode(text: job.offer.manifest.payload) else {
            try enter(.startedOther, detail: "the manifest cannot be read any more")
            return .again
        }
        let next = InstalledFirmware(
            version: manifest.version, sequence: manifest.sequence,
            manifest: Hex.encode(Digest.sha256(job.offer.manifest.payload)))
        let before = identity.state.firmware
        switch await running(next) {
        case (next.version, next.sequence)?:
            try identity.update { $0.firmware = next }
            try enter(.startedNew)
        case let found? where found.0 == before?.version && found.1 == before?.sequence:
            try enter(.startedOld, detail: "\(found.0) runs again")
        case let found?:
            try enter(.startedOther, detail: "\(found.0) runs")
        case nil:
            try enter(.startedOther, detail: "what runs cannot be told")
        }
        return .again
    }

    /// What runs after the restart: what the command prints, or what was installed if there is no command.
    private func running(_ next: InstalledFirmware) async -> (String, Int64)? {
        guard let command = settings.running else { return (next.version, next.sequence) }
        guard let output = try? await command.run() else { return nil }
        let words = output.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let sequence = Int64(words[1]) else { return nil }
        return (String(words[0]), sequence)
    }

    private func conclude(_ job: UpdateJob) async throws(AgentError) -> Step {
        switch await surroundings.send(try finalStatus(job)) {
        case .acknowledged: try enter(.acknowledged)
        case .unwanted: try enter(.unwanted)
        case .later: return .wait(until: surroundings.now() + 30)
        }
        return .again
    }

    // MARK: Words to the component

    private func report(_ status: UpdateStatus.Status, _ job: UpdateJob) async {
        _ = await surroundings.send(UpdateStatus(job: job.offer.job, status: status).element)
    }

    /// `completed` is signed with the owner's key over the exact text, and names what runs and the assignment's nonce.
    private func finalStatus(_ job: UpdateJob) throws(AgentError) -> Element {
        let detail = job.detail.isEmpty ? nil : job.detail
        switch job.state {
        case .failing, .failed:
            return UpdateStatus(job: job.offer.job, status: .failed, detail: detail).element
        case .rollingBack, .rolledBack:
            return UpdateStatus(job: job.offer.job, status: .rolledBack, detail: detail).element
        default:
            break
        }
        let firmware = identity.state.firmware ?? InstalledFirmware(version: "", sequence: 0)
        let nonce = (try? Assignment.decode(text: job.offer.assignment.payload))?.nonce
        let status = UpdateStatus(
            job: job.offer.job, status: .completed, version: firmware.version, sequence: firmware.sequence, nonce: nonce)
        let text = status.json.text
        let key = try identity.key(.ldevid)
        let signature = try key.sign(Array("stationmaster:1:update-status\n".utf8) + Array(text.utf8))
        return Payload.element(
            UpdateStatus.xmlName, text: text,
            signature: PayloadSignature(key: key.publicKey.keyIdentifier, bytes: signature))
    }

    private static func description(of artifact: Manifest.Artifact) -> ArtifactDescription {
        ArtifactDescription(size: artifact.size, sha256: artifact.sha256, addresses: artifact.uris)
    }
}
