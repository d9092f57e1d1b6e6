// SPDX-License-Identifier: Apache-2.0
import StationTesting
import Testing
import XMLStream
import XMPPCore

@Suite("Transcripts: plays that people can read")
struct TranscriptTests {
    @Test func `every play can be read`() throws {
        let plays = try Transcript.load()
        #expect(plays.count >= 9 && plays.count == Transcript.all.count)
        #expect(plays.filter(\.isRepeatable).count >= 4)
    }

    @Test(arguments: Transcript.all)
    func `the play goes as it is written`(play: Transcript) async throws {
        try await TranscriptRunner(play, on: BenchStage()).run()
    }

    /// Each `sends` of each play byte by byte, and in two pieces at eight places. What must come, and that nothing
    /// comes before the last byte or late, the play itself says; that all of it is the same, is compared here.
    @Test(arguments: Transcript.all)
    func `cut stanzas: same result, no stall`(play: Transcript) async throws {
        let whole = try BenchStage()
        try await TranscriptRunner(play, on: whole).run()
        var cuts = [BenchStage.Cut.everyByte]
        for part in 0...7 { cuts.append(.two(part: part, of: 7)) }
        for cut in cuts {
            let stage = try BenchStage()
            stage.cut = cut
            try await TranscriptRunner(play, on: stage).run()
            #expect(stage.came.map(\.unsigned) == whole.came.map(\.unsigned), "\(cut)")
        }
    }

    /// Plays whose requests may be repeated: each request once for each offset, in two pieces.
    @Test(arguments: Transcript.all.filter(\.isRepeatable))
    func `a request cut at every offset has the same answer`(play: Transcript) async throws {
        try await TranscriptRunner(play, on: BenchStage()).runCutAtEveryOffset()
    }

    /// The parser alone, both directions: what was sent and what came, in two pieces at every offset of a piece of up to
    /// 2048 bytes, at every 13th of up to 16 KiB, at every 4099th of a longer one.
    @Test(arguments: Transcript.all)
    func `bytes cut at every offset are the same elements`(play: Transcript) async throws {
        let stage = try BenchStage()
        try await TranscriptRunner(play, on: stage).run()
        #expect(!stage.requests.isEmpty && !stage.pieces.isEmpty)
        for bytes in stage.requests + stage.pieces {
            let whole = try parsed([bytes])
            #expect(!whole.isEmpty)
            let step = bytes.count <= 2048 ? 1 : bytes.count <= 16_384 ? 13 : 4099
            for offset in stride(from: 0, through: bytes.count, by: step) {
                let cut = try parsed([Array(bytes[..<offset]), Array(bytes[offset...])])
                guard cut == whole else {
                    Issue.record("cut at \(offset): \(String(decoding: bytes.prefix(300), as: UTF8.self))")
                    break
                }
            }
        }
    }

    private func parsed(_ parts: [[UInt8]]) throws -> [Element] {
        let parser = XMLStreamParser()
        _ = try parser.feed(BenchStage.header)
        var elements: [Element] = []
        for part in parts where !part.isEmpty { elements += BenchStage.elements(try parser.feed(part)) }
        if let failure = parser.failure { throw failure }
        return elements
    }
}

@Suite("Transcripts: the checks check")
struct TranscriptCheckTests {
    private static let opening = """
        # A play
        [Component] devices.localhost   [Person] romeo@localhost/x
        ---------
        Person sends:
            <iq type='get' id='p1' to='devices.localhost'><ping xmlns='urn:xmpp:ping'/></iq>

        """

    private func run(_ rest: String) async throws {
        try await TranscriptRunner(Transcript(name: "play", text: Self.opening + rest), on: BenchStage()).run()
    }

    @Test func `a play that is right passes`() async throws {
        try await run("Person receives exactly:\n    <iq to='{who}' type='result' id='p1' from='…'/>\nNobody receives anything for 60 s")
    }

    @Test(arguments: [
        "Person receives:\n    <iq type='error' id='p1' from='devices.localhost' to='romeo@localhost/x'/>",
        "Person receives:\n    <iq type='result' id='p1' from='devices.localhost'/>",
        "Person receives:\n    <iq type='result' id='p1' lang='en' from='devices.localhost' to='…'/>",
        "Person receives:\n    <iq type='result' id='p1' from='devices.localhost' to='…'><ping xmlns='urn:xmpp:ping'/></iq>",
        "Person receives:\n    <message type='result' id='p1' from='devices.localhost' to='…'/>",
        "Person receives:\n    <iq type='result' id='{id}' from='{id}' to='…'/>",
        "Nobody receives anything for 1 s",
        "1 s pass",
    ])
    func `a play that is wrong fails`(rest: String) async {
        await #expect(throws: TranscriptError.self) { try await run(rest) }
    }

    @Test(arguments: ["Person dances", "Nobody sends:\n    <iq/>", "[Person]", "Person sends:"])
    func `what is no step is refused`(rest: String) async {
        await #expect(throws: TranscriptError.self) { try await run(rest) }
    }

    @Test func `JSON is compared as JSON, with names and gaps`() {
        var pattern = TranscriptPattern()
        let named = pattern.matchesJSON(#"{"a":1,"b":["{x}","…"]}"#, #"{ "b":["one",{}], "a":1.0 }"#)
        #expect(named && pattern.variables == ["x": "one"])
        let open = pattern.matchesJSON(#"{"c":"{x} and …","…":"…"}"#, #"{"c":"one and two","d":null}"#)
        #expect(open)
        for (expected, found) in [
            (#"{"c":"{x}"}"#, #"{"c":"two"}"#), (#"{"a":1}"#, #"{"a":1,"b":2}"#), (#"{"a":1,"…":"…"}"#, #"{"b":2}"#),
        ] {
            let isSame = pattern.matchesJSON(expected, found)
            #expect(!isSame)
        }
    }
}

extension Element {
    /// As text without keys, certificates and signatures, which are others each time.
    fileprivate var unsigned: String { description.replacing(/[A-Za-z0-9_\-]{40,}/, with: "…") }
}
