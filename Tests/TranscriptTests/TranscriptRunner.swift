// SPDX-License-Identifier: Apache-2.0
import StationJSON
import XMLStream
import XMPPCore

/// Gives a play on a stage.
///
/// Each stanza that the component sends must be received by somebody in the play, in order for each of them.
final class TranscriptRunner<Venue: Stage> {
    private let play: Transcript
    private let stage: Venue
    private var pattern: TranscriptPattern
    private var told: JSON?

    init(_ play: Transcript, on stage: Venue) {
        self.play = play
        self.stage = stage
        pattern = TranscriptPattern(keys: stage.keys)
    }

    /// Engraves, introduces and logs in those who are before the play begins.
    func prepare() async throws {
        for member in play.cast {
            guard let serial = member.serial else { continue }
            try await TranscriptRunner(.engraving(of: serial), on: stage).perform()
            if member.isInstalled { try await TranscriptRunner(.installation(of: serial, as: member), on: stage).perform() }
        }
        try await stage.clear()
    }

    /// The whole play.
    func run() async throws {
        try await prepare()
        try await perform()
        try end()
    }

    private func perform() async throws {
        for index in play.steps.indices { try await perform(play.steps[index], before: play.steps[(index + 1)...].first) }
    }

    private func end() throws {
        if let left = stage.left(for: nil) {
            throw TranscriptError(play.name, play.steps.last?.line ?? 0, "nobody received \(left)")
        }
    }

    // MARK: - Steps

    private func perform(_ step: Transcript.Step, before next: Transcript.Step?) async throws {
        do {
            switch step.action {
            case .sends(let name, let xml):
                let sender = try member(name)
                let isLost = next?.action == .hangUp || next?.action == .restart
                for stanza in try stanzas(xml) { try await stage.send(stanza, from: sender, isLost: isLost) }
            case .receives(let name, let xml, let exactly): try await receive(member(name), xml, exactly)
            case .pass(let seconds): try await stage.pass(seconds: seconds)
            case .silence(let seconds):
                try await stage.pass(seconds: seconds)
                if let left = stage.left(for: nil) { throw StageError("somebody receives \(left)") }
            case .leaves(let name): try await stage.leave(member(name))
            case .hangUp: try await stage.hangUp()
            case .connect: try await stage.connect()
            case .restart: try await stage.restart()
            case .command(let name, let json):
                guard let json = try pattern.filled(json) else { throw StageError("a name has no value yet") }
                told = try await stage.command(name, JSONDocument(json).root.json)
            case .told(let json):
                let expected = try JSONDocument(json).root.json
                guard let told, pattern.matches(expected, told) else {
                    throw StageError("the operator is told \(told?.text ?? "nothing")")
                }
            }
        } catch let error as TranscriptError {
            throw error
        } catch {
            throw TranscriptError(play.name, step.line, "\(error)")
        }
    }

    private func member(_ name: String) throws -> Transcript.Member {
        guard let member = play.cast.first(where: { $0.name == name }) else { throw StageError("\(name) is not in the cast") }
        return member
    }

    private func stanzas(_ xml: String) throws -> [Element] {
        guard let xml = try pattern.filled(xml) else { throw StageError("a name has no value yet") }
        return try elements(xml)
    }

    private func elements(_ xml: String) throws -> [Element] {
        let parser = XMLStreamParser()
        _ = try parser.feed(BenchStage.header)
        let elements = BenchStage.elements(try parser.feed(Array(xml.utf8) + Array("</stream:stream>".utf8)))
        if let error = parser.failure { throw StageError("\(error)") }
        guard !elements.isEmpty else { throw StageError("no stanza") }
        return elements
    }

    private func receive(_ member: Transcript.Member, _ xml: String, _ exactly: Bool) async throws {
        for expected in try elements(xml) {
            guard let stanza = try await stage.receive(member, like: expected) else {
                throw StageError("\(member.name) receives nothing")
            }
            stage.keys.learn(from: stanza)
            if let difference = pattern.difference(expected, stanza) { throw StageError("\(difference) in \(stanza)") }
        }
        if exactly, let more = stage.left(for: member) { throw StageError("\(member.name) receives \(more) too") }
    }
}

extension TranscriptRunner where Venue == BenchStage {
    /// The whole play, each request again and again with all that follows from it, in two pieces, cut at each offset (of
    /// the first 2048 bytes).
    func runCutAtEveryOffset() async throws {
        try await prepare()
        var rest = play.steps[...]
        while let first = rest.popFirst() {
            guard case .sends(let name, let xml) = first.action else {
                try await perform(first, before: rest.first)
                continue
            }
            let answers = rest.prefix { if case .receives = $0.action { true } else { false } }
            rest = rest.dropFirst(answers.count)
            let sender = try member(name)
            for stanza in try stanzas(xml) {
                for offset in 1..<min(stage.bytes(of: stanza, from: sender).count, 2048) {
                    stage.cut = .at(offset)
                    try stage.send(stanza, from: sender, isLost: false)
                    for answer in answers { try await perform(answer, before: nil) }
                }
            }
        }
        try end()
    }
}
