// SPDX-License-Identifier: Apache-2.0
import Logging
import NIOPosix
import StationModel
import StationPKI
import StationProtocol
import Synchronization
import Testing
import XMLStream
import XMPPCore

@testable import StationAgent

/// Takes reports by hand, and writes down in which order they were written to the connection.
private final class ReportTaker: ComponentConversation {
    enum Verdict { case accepted, lost, notSent, refused(StanzaError) }

    struct State {
        /// As they were posted.
        var posted: [Report] = []
        /// As they were committed.
        var taken: [Report] = []
    }

    let state = Mutex(State())
    private let judge: @Sendable (Report, State) -> Verdict

    init(_ judge: @escaping @Sendable (Report, State) -> Verdict = { _, _ in .accepted }) { self.judge = judge }

    var taken: [Report] { state.withLock { $0.taken } }

    func post(_ payload: Element) -> PendingAnswer {
        guard let text = payload.elements.first?.text, let report = try? Report.decode(text: text) else {
            return PendingAnswer { .failure(.refused(StanzaError(.badRequest))) }
        }
        let verdict = state.withLock { state in
            let verdict = judge(report, state)
            state.posted.append(report)
            if case .accepted = verdict { state.taken.append(report) }
            return verdict
        }
        switch verdict {
        case .accepted: return PendingAnswer { .success(nil) }
        case .lost: return PendingAnswer { .failure(.unanswered("no answer came in time")) }
        case .notSent: return PendingAnswer(isSent: false) { .failure(.unanswered("too many bytes wait")) }
        case .refused(let error): return PendingAnswer { .failure(.refused(error)) }
        }
    }

    /// `unexpected-request` with the number that has to come first.
    static func expected(_ number: Int64) -> Verdict {
        .refused(
            StanzaError(
                .unexpectedRequest, "an earlier report is missing", kind: .wait,
                application: Element(XMLName("expected", Namespaces.stationmaster), ["seq": String(number)])))
    }
}

@Suite(.timeLimit(.minutes(1))) struct AgentReportTests {
    /// An agent on line with so many reports in its spool sends them until all are committed.
    private func send(_ count: Int, to taker: ReportTaker) async throws {
        let folder = TemporaryFolder()
        let component = try HandMadeComponent()
        let identity = try await component.engraved(folder)
        let agent = try Agent(
            identity, settings: AgentSettings(), sensor: WeatherSensor(WeatherModel(seed: 1)),
            environment: AgentEnvironment(
                now: { Timestamp(milliseconds: HandMadeComponent.now * 1000) }, random: { 0 },
                group: MultiThreadedEventLoopGroup.singleton,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        for _ in 0..<count { try await agent.measure() }
        try await agent.begin(component.online([]))
        let reporting = Task { try await agent.report(over: taker) }
        while await agent.waitingReports > 0 { try await Task.sleep(for: .milliseconds(5)) }
        reporting.cancel()
        _ = await reporting.result
    }

    @Test func `a backlog leaves in the order of its numbers`() async throws {
        let taker = ReportTaker()
        try await send(300, to: taker)
        #expect(taker.state.withLock { $0.posted }.map(\.seq) == Array(1...300))
    }

    @Test func `a report that cannot be sent holds back those after it`() async throws {
        let taker = ReportTaker { report, state in
            report.seq == 3 && !state.posted.contains { $0.seq == 3 } ? .notSent : .accepted
        }
        try await send(20, to: taker)
        #expect(taker.taken.map(\.seq) == Array(1...20))
    }

    /// The component went down with it and holds the station to its order.
    @Test(arguments: [1, 2, 7] as [Int64]) func `a lost report is sent again first, also the very first`(lost: Int64) async throws {
        let taker = ReportTaker { report, state in
            if report.seq == lost, !state.posted.contains(where: { $0.seq == lost }) { return .lost }
            let next = (state.taken.last?.seq ?? 0) + 1
            return report.seq > next && !report.gap ? ReportTaker.expected(next) : .accepted
        }
        try await send(20, to: taker)
        #expect(taker.taken.map(\.seq) == Array(1...20))
        #expect(taker.taken.allSatisfy { !$0.gap }, "nothing is gone")
    }

    /// A store that was restored wants what the station no longer has.
    @Test func `what is gone is said to be gone`() async throws {
        let taker = ReportTaker { report, state in
            // The component has nothing; 1 to 3 were acknowledged before it went back.
            if report.seq <= 3, !state.posted.contains(where: { $0.seq == 4 }) { return .accepted }
            let next = (state.taken.last { $0.seq > 3 }?.seq ?? 0) + 1
            return report.seq > next && !report.gap ? ReportTaker.expected(next) : .accepted
        }
        try await send(10, to: taker)
        #expect(taker.taken.map(\.seq) == Array(1...10))
        #expect(taker.taken.filter(\.gap).map(\.seq) == [4])
    }
}
