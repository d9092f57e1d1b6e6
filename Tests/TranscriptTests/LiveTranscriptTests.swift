// SPDX-License-Identifier: Apache-2.0
import LiveServers
import Testing

@Suite("Live: the plays on real servers", .serialized)
struct LiveTranscriptTests {
    private static let plays = Transcript.all.filter { play in
        if let reason = play.benchOnly { print("SKIPPED: \(play.name) is given on the bench only: \(reason)") }
        return play.benchOnly == nil
    }

    @Test(.enabled(if: !LivePlace.all.isEmpty, "no live server is configured"), arguments: LivePlace.all, plays)
    func `the play goes as it is written`(place: LiveServer, play: Transcript) async throws {
        try await Self.give(play, at: place)
    }

    @Test func `each description of a server can be read`() throws { try LiveServer.check() }

    @Test(arguments: LiveGap.all)
    func `what a server leaves out is in a play that is given`(gap: LiveGap) throws {
        let play = try #require(Self.plays.first { $0.name == gap.play })
        let isThere = play.steps.contains { step in
            if case .receives(_, let xml, _) = step.action { xml.contains("'\(gap.type)'") && xml.contains(gap.receiver) } else { false }
        }
        #expect(isThere)
    }

    private static func give(_ play: Transcript, at place: LiveServer, isByteByByte: Bool = false) async throws {
        let stage = try LiveStage(play, at: place, isByteByByte: isByteByByte)
        do {
            try await stage.start()
            try await TranscriptRunner(play, on: stage).run()
        } catch {
            print("the component's log of \(play.name): \(stage.component.folder)/log")
            try await stage.end(failed: true)
            throw error
        }
        try await stage.end(failed: false)
    }
}
