// SPDX-License-Identifier: Apache-2.0
import StationJSON
import StationTesting
import XMLStream
import XMPPCore

/// Runs a play on a bench: the component is real, its clock virtual, and the test is the server and everybody else.
///
/// Each stanza that the component sends must be received by somebody in the play, in order for each of them.
final class TranscriptRunner {
    /// How the bytes of what is sent reach the component.
    enum Cut: Equatable {
        case whole
        /// One byte in a read, or 97 if the stanza has more than 8 KiB.
        case everyByte
        /// In two pieces; the first is this part of all.
        case two(part: Int, of: Int)
        /// Each request again and again, in two pieces, cut at each offset (of the first 2048 bytes).
        case everyOffset
    }

    private let play: Transcript
    private let cut: Cut
    private let bench: TestBench
    private var pattern = TranscriptPattern()
    private var parser = XMLStreamParser()
    private var waiting: [Element] = []
    private var isUp = true
    private var told: JSON?
    /// Every stanza of the component.
    private(set) var came: [Element] = []
    /// The bytes of the component, as they came after one event.
    private(set) var pieces: [[UInt8]] = []
    /// The bytes of each stanza that was sent to the component.
    private(set) var requests: [[UInt8]] = []

    static let header = Array(
        "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>".utf8)

    init(_ play: Transcript, cut: Cut = .whole) throws {
        self.play = play
        self.cut = cut
        // A play that is cut at every byte asks the same thousands of times while the clock stands still.
        bench = try TestBench { $0.core.traffic.controlPerSender.burst = 1_000_000 }
        for member in play.cast where member.name == "Component" && member.address != TestBench.domain {
            throw TranscriptError(play.name, 2, "the component's domain on the bench is \(TestBench.domain)")
        }
        for member in play.cast {
            if let serial = member.serial { try TestStation(bench, serial).install() }
        }
        _ = bench.sentBytes()
        openStream()
    }

    private func openStream() {
        parser = XMLStreamParser()
        _ = try? parser.feed(Self.header)
    }

    /// The whole play.
    func run() throws {
        var index = 0
        while index < play.steps.count {
            var end = index + 1
            while end < play.steps.count, case .receives = play.steps[end].action { end += 1 }
            let group = play.steps[index..<end]
            if cut == .everyOffset, case .sends(let name, let xml) = play.steps[index].action {
                try repeatGroup(group, name, xml)
            } else {
                for step in group { try perform(step) }
            }
            index = end
        }
        if let left = waiting.first {
            throw TranscriptError(play.name, play.steps.last?.line ?? 0, "nobody received \(left)")
        }
    }

    private func repeatGroup(_ group: ArraySlice<Transcript.Step>, _ name: String, _ xml: String) throws {
        guard let first = group.first else { return }
        for bytes in try stanzas(name, xml, first) {
            for offset in 1..<min(bytes.count, 2048) {
                try feed([Array(bytes[..<offset]), Array(bytes[offset...])], first)
                for step in group.dropFirst() { try perform(step) }
            }
        }
    }

    // MARK: - Steps

    private func perform(_ step: Transcript.Step) throws {
        switch step.action {
        case .sends(let name, let xml):
            for bytes in try stanzas(name, xml, step) {
                requests.append(bytes)
                try feed(divided(bytes), step)
            }
        case .receives(let name, let xml, let exactly): try receive(name, xml, exactly, step)
        case .silence(let seconds), .pass(let seconds):
            bench.advance(seconds: seconds)
            try collect(step)
            if case .silence = step.action, let left = waiting.first { throw failure(step, "somebody receives \(left)") }
        case .hangUp:
            // What was on its way is lost with the link.
            bench.hangUp()
            waiting = []
            isUp = false
        case .connect:
            openStream()
            bench.reconnect()
            isUp = true
            try collect(step)
        case .restart:
            openStream()
            try bench.restart()
            isUp = true
            try collect(step)
        case .command(let name, let json):
            guard let json = pattern.filled(json) else { throw failure(step, "a name has no value yet") }
            told = try bench.command(name, JSONDocument(json).root.json)
            try collect(step)
        case .told(let json):
            let expected = try JSONDocument(json).root.json
            guard let told, pattern.matches(expected, told) else {
                throw failure(step, "the operator is told \(told?.text ?? "nothing")")
            }
        }
    }

    private func failure(_ step: Transcript.Step, _ what: String) -> TranscriptError {
        TranscriptError(play.name, step.line, what)
    }

    private func member(_ name: String, _ step: Transcript.Step) throws -> Transcript.Member {
        guard let member = play.cast.first(where: { $0.name == name }) else { throw failure(step, "\(name) is not in the cast") }
        return member
    }

    /// The stanzas as a server hands them on: with the address of their sender.
    private func stanzas(_ name: String, _ xml: String, _ step: Transcript.Step) throws -> [[UInt8]] {
        let sender = try member(name, step)
        guard let xml = pattern.filled(xml) else { throw failure(step, "a name has no value yet") }
        return try elements(xml, step).map { element in
            var stamped = element
            if stamped["from"] == nil { stamped["from"] = sender.address }
            var writer = XMLWriter(defaultNamespace: Namespaces.component)
            writer.write(stamped)
            return writer.take()
        }
    }

    private func elements(_ xml: String, _ step: Transcript.Step) throws -> [Element] {
        let parser = XMLStreamParser()
        _ = try parser.feed(Self.header)
        let elements = Self.elements(try parser.feed(Array(xml.utf8) + Array("</stream:stream>".utf8)))
        if let error = parser.failure { throw failure(step, "\(error)") }
        guard !elements.isEmpty else { throw failure(step, "no stanza") }
        return elements
    }

    static func elements(_ events: [XMLStreamParser.Event]) -> [Element] {
        var elements: [Element] = []
        for case .stanzas(let batch) in events {
            for index in 0..<batch.count { elements.append(batch[index].element) }
        }
        return elements
    }

    private func divided(_ bytes: [UInt8]) -> [[UInt8]] {
        switch cut {
        case .whole, .everyOffset: return [bytes]
        case .everyByte:
            let size = bytes.count > 8192 ? 97 : 1
            return stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
        case .two(let part, let all):
            let offset = min(max(bytes.count * part / max(all, 1), 1), bytes.count - 1)
            return [Array(bytes[..<offset]), Array(bytes[offset...])]
        }
    }

    /// Nothing may follow before the last byte, and everything with it. Without a link the server answers instead.
    private func feed(_ parts: [[UInt8]], _ step: Transcript.Step) throws {
        guard isUp else { return }
        for (index, part) in parts.enumerated() {
            guard bench.receive(part) else { throw failure(step, "the component closed the stream") }
            let before = came.count
            try collect(step)
            if index < parts.count - 1, came.count != before {
                throw failure(step, "\(came.last.map { "\($0)" } ?? "") came before the last byte was there")
            }
        }
    }

    private func collect(_ step: Transcript.Step) throws {
        let bytes = bench.sentBytes()
        guard !bytes.isEmpty else { return }
        let stanzas = Self.elements(try parser.feed(bytes))
        if let error = parser.failure { throw failure(step, "the component's XML: \(error)") }
        pieces.append(bytes)
        came += stanzas
        waiting += stanzas
    }

    private func receive(_ name: String, _ xml: String, _ exactly: Bool, _ step: Transcript.Step) throws {
        let address = try member(name, step).address
        let bare = address.prefix { $0 != "/" }
        func isFor(_ stanza: Element) -> Bool { stanza["to"] == address || stanza["to"] == String(bare) }
        for expected in try elements(xml, step) {
            guard let index = waiting.firstIndex(where: isFor) else { throw failure(step, "\(name) receives nothing") }
            let stanza = waiting.remove(at: index)
            if let difference = pattern.difference(expected, stanza) {
                throw failure(step, "\(difference) in \(stanza)")
            }
        }
        if exactly, let more = waiting.first(where: isFor) { throw failure(step, "\(name) receives \(more) too") }
    }
}
