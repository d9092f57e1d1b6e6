// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite("Live: the plays on real servers", .serialized)
struct LiveTranscriptTests {
    private static let plays = Transcript.all.filter { play in
        if let reason = play.benchOnly { print("SKIPPED: \(play.name) is given on the bench only: \(reason)") }
        return play.benchOnly == nil
    }

    @Test(.enabled(if: !LivePlace.all.isEmpty, "no live server is configured"), arguments: LivePlace.all, plays)
    func `the play goes as it is written`(place: LivePlace, play: Transcript) async throws {
        try await Self.give(play, at: place)
    }

    private static func give(_ play: Transcript, at place: LivePlace, isByteByByte: Bool = false) async throws {
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
