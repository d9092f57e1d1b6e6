// SPDX-License-Identifier: Apache-2.0
import StationJSON
import StationTesting
import XMLStream
import XMPPCore

/// A stage in memory: the component is real, its clock virtual, and the test is the server and everybody else.
final class BenchStage: Stage {
    /// How the bytes of what is sent reach the component.
    enum Cut: Equatable {
        case whole
        /// One byte in a read, or 97 if the stanza has more than 8 KiB.
        case everyByte
        /// In two pieces; the first is this part of all.
        case two(part: Int, of: Int)
        /// In two pieces; the first has so many bytes.
        case at(Int)
    }

    let keys: KeyChest
    var cut = Cut.whole
    private let bench: TestBench
    private var parser = XMLStreamParser()
    private var waiting: [Element] = []
    private var isUp = true
    /// Every stanza of the component.
    private(set) var came: [Element] = []
    /// The bytes of the component, as they came after one event.
    private(set) var pieces: [[UInt8]] = []
    /// The bytes of each stanza that was sent to the component.
    private(set) var requests: [[UInt8]] = []

    static let header = Array(
        "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'>".utf8)

    init() throws {
        // A play that is cut at every byte asks the same thousands of times while the clock stands still.
        bench = try TestBench { $0.core.traffic.controlPerSender.burst = 1_000_000 }
        keys = try KeyChest(maker: bench.makerAuthority, owner: bench.ownerAuthority) { [clock = bench.clock] in
            clock.now().seconds
        }
        openStream()
    }

    private func openStream() {
        parser = XMLStreamParser()
        _ = try? parser.feed(Self.header)
    }

    static func elements(_ events: [XMLStreamParser.Event]) -> [Element] {
        var elements: [Element] = []
        for case .stanzas(let batch) in events {
            for index in 0..<batch.count { elements.append(batch[index].element) }
        }
        return elements
    }

    // MARK: - Stanzas

    func send(_ stanza: Element, from member: Transcript.Member, isLost: Bool) throws {
        let bytes = bytes(of: stanza, from: member)
        requests.append(bytes)
        try feed(divided(bytes))
    }

    /// The stanza as a server hands it on: with the address of its sender.
    func bytes(of stanza: Element, from member: Transcript.Member) -> [UInt8] {
        var stamped = stanza
        if stamped["from"] == nil { stamped["from"] = member.address }
        var writer = XMLWriter(defaultNamespace: Namespaces.component)
        writer.write(stamped)
        return writer.take()
    }

    private func divided(_ bytes: [UInt8]) -> [[UInt8]] {
        var offset: Int
        switch cut {
        case .whole: return [bytes]
        case .everyByte:
            let size = bytes.count > 8192 ? 97 : 1
            return stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
        case .two(let part, let all): offset = bytes.count * part / max(all, 1)
        case .at(let place): offset = place
        }
        offset = min(max(offset, 1), bytes.count - 1)
        return [Array(bytes[..<offset]), Array(bytes[offset...])]
    }

    /// Nothing may follow before the last byte, and everything with it. Without a link the server answers instead.
    private func feed(_ parts: [[UInt8]]) throws {
        guard isUp else { return }
        for (index, part) in parts.enumerated() {
            guard bench.receive(part) else { throw StageError("the component closed the stream") }
            let before = came.count
            try collect()
            if index < parts.count - 1, came.count != before {
                throw StageError("\(came.last.map { "\($0)" } ?? "") came before the last byte was there")
            }
        }
    }

    private func collect() throws {
        let bytes = bench.sentBytes()
        guard !bytes.isEmpty else { return }
        let stanzas = Self.elements(try parser.feed(bytes))
        if let error = parser.failure { throw StageError("the component's XML: \(error)") }
        pieces.append(bytes)
        came += stanzas
        waiting += stanzas
    }

    private func index(for member: Transcript.Member) -> Int? {
        waiting.firstIndex { $0["to"] == member.address || $0["to"] == member.bare }
    }

    func receive(_ member: Transcript.Member, like expected: Element) -> Element? {
        index(for: member).map { waiting.remove(at: $0) }
    }

    func left(for member: Transcript.Member?) -> Element? {
        guard let member else { return waiting.first }
        return index(for: member).map { waiting[$0] }
    }

    func clear() throws {
        try collect()
        waiting = []
        came = []
        pieces = []
        requests = []
    }

    // MARK: - Events

    func pass(seconds: Double) throws {
        bench.advance(seconds: seconds)
        try collect()
    }

    /// What was on its way is lost with the link.
    func leave(_ member: Transcript.Member) {
        bench.receive("<presence type='unavailable' from='\(member.address)' to='\(TestBench.domain)'/>")
    }

    func hangUp() {
        bench.hangUp()
        waiting = []
        isUp = false
    }

    func connect() throws {
        openStream()
        bench.reconnect()
        isUp = true
        try collect()
    }

    func restart() throws {
        openStream()
        try bench.restart()
        isUp = true
        try collect()
    }

    func command(_ name: String, _ arguments: JSON) throws -> JSON {
        defer { try? collect() }
        return try bench.command(name, arguments)
    }
}
