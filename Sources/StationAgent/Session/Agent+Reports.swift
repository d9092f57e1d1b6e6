// SPDX-License-Identifier: Apache-2.0
import Logging
import StationProtocol
import XMLStream
import XMPPCore

/// Sending what waits in the spool.
extension Agent {
    /// What goes out next, and when to look again.
    private struct Portion: Sendable {
        var reports: [(number: Int64, payload: Element)] = []
        var pause: Duration?
        var mustIntroduce = false
    }

    /// Sends reports until the component wants another introduction, or the task is cancelled.
    nonisolated func report(over conversation: some ComponentConversation) async throws(AgentError) {
        let failure: AgentError? = await withTaskGroup(of: AgentError?.self) { tasks in
            var running = 0
            while !Task.isCancelled {
                let portion: Portion
                do throws(AgentError) { portion = try await self.nextPortion() } catch { return error }
                if portion.mustIntroduce { break }
                // Sent here, in the order of the numbers; only the answers are awaited side by side.
                var isOpen = true
                for report in portion.reports {
                    let answer = isOpen ? conversation.post(report.payload) : Self.notSent
                    isOpen = answer.isSent
                    running += 1
                    tasks.addTask { await self.finish(report.number, answer) }
                }
                // Finished tasks are collected as new ones begin: never more than a window of them.
                while running > self.settings.window {
                    running -= 1
                    if let error = await tasks.next() ?? nil { return error }
                }
                await self.wakeReports.wait(for: portion.pause)
            }
            tasks.cancelAll()
            for await error in tasks { if let error { return error } }
            return nil
        }
        if let failure { throw failure }
        // A component that wants introductions over and over is not to be hurried.
        try? await Task.sleep(for: .seconds(1))
    }

    private func nextPortion() throws(AgentError) -> Portion {
        var portion = Portion()
        guard reporter.isOnline else {
            portion.mustIntroduce = true
            return portion
        }
        let now = steadyMilliseconds
        for number in reporter.send(now: now, waiting: { self.spool.next(from: $0) }) {
            guard let report = try spool.report(number) else {
                reporter.missing(number)
                continue
            }
            sentAt[number] = .now
            environment.observe(.sent(number))
            portion.reports.append((number, Self.payload(report)))
        }
        portion.pause = reporter.wake(now: now).map { .milliseconds(max(1, $0 - now)) }
        return portion
    }

    /// The records' text goes out as it was taken: the same number always has the same body.
    static func payload(_ report: SpooledReport) -> Element {
        let gap = report.gap ? ",\"gap\":true" : ""
        let text = "{\"seq\":\(report.number),\"records\":" + String(decoding: report.records, as: UTF8.self) + gap + "}"
        return Payload.element(Report.xmlName, text: text)
    }

    /// What follows a report that could not be sent stays here as well, or the component would see a gap.
    private static let notSent = PendingAnswer(isSent: false) { .failure(.unanswered("the one before was not sent")) }

    private nonisolated func finish(_ number: Int64, _ pending: PendingAnswer) async -> AgentError? {
        var answer = Reporter.Answer.acknowledged
        var reason = ""
        do throws(AskFailure) { _ = try await pending.payload() } catch {
            if Task.isCancelled { return nil }
            answer = Reporter.Answer(error)
            reason = error.description
        }
        do throws(AgentError) { try await answered(number, answer, reason) } catch { return error }
        wakeReports.raise()
        return nil
    }

    private func answered(_ number: Int64, _ answer: Reporter.Answer, _ reason: String) throws(AgentError) {
        let sent = sentAt.removeValue(forKey: number)
        if answer == .acknowledged {
            let took = sent.map { $0.duration(to: .now) } ?? .zero
            environment.observe(.acknowledged(number, milliseconds: took / .milliseconds(1)))
        } else {
            environment.observe(.unacknowledged(number, reason))
        }
        let jitter = Double(environment.random() >> 11) / Double(1 << 53)
        for action in reporter.answered(number, answer, now: steadyMilliseconds, jitter: jitter) {
            switch action {
            case .acknowledge(let number): try spool.acknowledge(number)
            case .discard(let number):
                logger.error("report refused for good", metadata: ["seq": "\(number)", "reason": "\(reason)"])
                try spool.discard(number)
            case .renumber(let number):
                logger.error("report number taken", metadata: ["seq": "\(number)"])
                try spool.renumber(number)
            case .wanted(let wanted):
                // What the component waits for is gone from here: the next report says so.
                if spool.next(from: wanted) != wanted { try spool.markGap(from: wanted) }
            case .introduceAgain: break
            }
        }
    }

    private var steadyMilliseconds: Int64 {
        let (seconds, attoseconds) = started.duration(to: .now).components
        return seconds &* 1000 &+ attoseconds / 1_000_000_000_000_000
    }
}

extension Reporter.Answer {
    /// What an error means for a report.
    init(_ failure: AskFailure) {
        guard case .refused(let error) = failure else {
            self = .lost
            return
        }
        switch error.condition {
        case .unexpectedRequest:
            let number = error.application.flatMap { element -> Int64? in
                guard element.name == XMLName("expected", Namespaces.stationmaster) else { return nil }
                return element["seq"].flatMap { Int64($0) }
            }
            self = number.map { .expected($0) } ?? .busy
        case .conflict: self = .conflict
        case .forbidden, .notAuthorized, .registrationRequired: self = .notOnline
        case .badRequest, .notAcceptable, .jidMalformed, .policyViolation, .featureNotImplemented, .notAllowed:
            self = error.kind == .wait ? .busy : .unacceptable
        default: self = .busy
        }
    }
}
