// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing
import XMPPTransport

@testable import XMPPComponent

@Suite("A component link under load", .serialized, .timeLimit(.minutes(1)))
struct ComponentLinkLoadTests {
    @Test("What a slow reader leaves waiting goes out later, with white space behind the split")
    func splitWrite() async throws {
        let scene = LinkScene(server: try await FakeServer(receiveBuffer: 16_384))
        let peer = try await scene.server.peer(0)
        try await peer.open()
        try await scene.ready()
        try await peer.setReading(false)
        let stanza = Array("<message id='\(String(repeating: "x", count: 1000))'/>".utf8)
        let batch = [UInt8]((0..<8000).map { _ in stanza }.joined())
        #expect(scene.link.send(batch))
        try await Task.sleep(for: .milliseconds(50))
        #expect(scene.link.pendingBytes > 0)
        try await peer.setReading(true)
        // As many spaces as the longest tag has bytes, which is the whole stanza here.
        let total = batch.count + stanza.count
        try await eventually("everything") { peer.count >= total }
        try await Task.sleep(for: .milliseconds(20))
        #expect(peer.count == total)
        let isSame = Array(peer.received.prefix(batch.count)) == batch
        #expect(isSame)
        #expect(peer.received.suffix(stanza.count).allSatisfy { $0 == 0x20 })
        #expect(scene.link.pendingBytes == 0)
        #expect(scene.link.send(stanza))
        try await eventually("one more") { peer.count == total + 2 * stanza.count }
        try await scene.end()
    }

    @Test("With a reader that stopped, send refuses at the bound, and takes again when it reads on")
    func bound() async throws {
        let limit = 4 << 20
        let scene = LinkScene(server: try await FakeServer(receiveBuffer: 16_384)) { $0.queueBytes = limit }
        let peer = try await scene.server.peer(0)
        try await peer.open()
        try await scene.ready()
        try await peer.setReading(false)
        let stanza = Array("<message id='\(String(repeating: "x", count: 10_000))'/>".utf8)
        var taken = 0
        while scene.link.send(stanza) {
            taken += stanza.count
            try #require(taken < 64 << 20, "send never refuses")
            if taken % (1 << 20) < stanza.count { try await Task.sleep(for: .milliseconds(1)) }
        }
        #expect(scene.link.pendingBytes <= limit)
        #expect(scene.link.pendingBytes > limit - 2 * stanza.count)
        try await peer.setReading(true)
        try await eventually("an empty queue") { scene.link.pendingBytes == 0 }
        #expect(scene.link.send(Array("<last/>".utf8)))
        try await eventually("the last") { peer.received.suffix(40).contains(UInt8(ascii: "l")) }
        #expect(
            peer.received.filter { $0 == UInt8(ascii: "x") }.count == 10_000 * (taken / stanza.count))
        try await scene.end()
    }

    @Test("A server that sends but does not read is given up")
    func stuck() async throws {
        let scene = LinkScene(server: try await FakeServer(receiveBuffer: 16_384)) { $0.deadAfter = .seconds(1) }
        let peer = try await scene.server.peer(0)
        try await peer.open()
        try await scene.ready()
        try await peer.setReading(false)
        #expect(scene.link.send([UInt8](repeating: UInt8(ascii: "x"), count: 32 << 20)))
        let start = ContinuousClock.now
        try await eventually("the end") {
            peer.send("<message/>")
            return !scene.recorder.lost.isEmpty
        }
        #expect(scene.recorder.lost.first?.contains("has read nothing for 1 s") == true)
        #expect(start.duration(to: .now) > .milliseconds(800))
        try await scene.end()
    }

    @Test("A server that reads slowly is not given up")
    func slow() async throws {
        let scene = LinkScene(server: try await FakeServer(receiveBuffer: 16_384)) { $0.deadAfter = .seconds(1) }
        let peer = try await scene.server.peer(0)
        try await peer.open()
        try await scene.ready()
        try await peer.setReading(false)
        #expect(scene.link.send([UInt8](repeating: UInt8(ascii: "x"), count: 128 << 20)))
        for _ in 0..<6 {
            peer.send("<message/>")
            try await Task.sleep(for: .milliseconds(500))
            #expect(scene.link.pendingBytes > 0)
            let count = peer.count
            try await peer.setReading(true)
            try await eventually("some bytes") { peer.count > count + (6 << 20) }
            try await peer.setReading(false)
        }
        #expect(scene.recorder.lost.isEmpty)
        try await scene.end()
    }

    /// Of this process, in bytes.
    private func residentBytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return (Int(fields[1]) ?? 0) * 4096
    }

    @Test("A server that does not read costs the queue's memory, however much is offered, and the link lives on")
    func flat() async throws {
        let limit = 8 << 20
        let scene = LinkScene(server: try await FakeServer(receiveBuffer: 16_384)) { $0.queueBytes = limit }
        let peer = try await scene.server.peer(0)
        try await peer.open()
        try await scene.ready()
        try await peer.setReading(false)
        let stanza = Array("<message id='\(String(repeating: "x", count: 60_000))'/>".utf8)
        while scene.link.send(stanza) {}
        try await Task.sleep(for: .milliseconds(50))
        while scene.link.send(stanza) {}
        let before = try residentBytes()
        var refusals = 0
        for _ in 0..<10_000 where !scene.link.send(stanza) { refusals += 1 }
        #expect(refusals > 9_900)
        #expect(scene.link.pendingBytes <= limit)
        let grown = try residentBytes() - before
        #expect(grown < 2 * limit, "\(grown) bytes more")
        #expect(scene.link.isReady)
        try await peer.setReading(true)
        try await eventually("an empty queue") { scene.link.pendingBytes == 0 }
        #expect(scene.link.send(stanza))
        try await scene.end()
    }

    @Test("Sends of many threads all arrive, each in its order")
    func threads() async throws {
        let scene = LinkScene(server: try await FakeServer())
        let peer = try await scene.server.peer(0)
        try await peer.open()
        try await scene.ready()
        let link = scene.link
        await withTaskGroup(of: Void.self) { tasks in
            for sender in 0..<4 {
                tasks.addTask {
                    for number in 0..<5000 { link.send(Array("<m s='\(sender)' n='\(number)'/>".utf8)) }
                }
            }
        }
        let end = "</m>"
        link.send(Array("<m>end\(end)".utf8))
        try await peer.wait(for: end)
        let tags = peer.text.split(separator: "<").map(String.init)
        for sender in 0..<4 {
            #expect(tags.filter { $0.hasPrefix("m s='\(sender)'") } == (0..<5000).map { "m s='\(sender)' n='\($0)'/>" })
        }
        try await scene.end()
    }

    @Test("Shutdown writes what waits before it closes")
    func drain() async throws {
        let scene = LinkScene(server: try await FakeServer(receiveBuffer: 16_384))
        let peer = try await scene.server.peer(0)
        try await peer.open()
        try await scene.ready()
        let batch = [UInt8](repeating: UInt8(ascii: "x"), count: 4 << 20)
        #expect(scene.link.send(batch))
        await scene.link.shutdown()
        try await eventually("the end of the stream") { peer.isClosed }
        #expect(peer.count >= batch.count)
        let isEnded = peer.text.hasSuffix("</stream:stream>")
        #expect(isEnded)
        #expect(!scene.link.send(batch))
        try await scene.end()
    }

    @Test("A reader that never reads again does not hold up shutdown for ever")
    func drainTimeout() async throws {
        let scene = LinkScene(server: try await FakeServer(receiveBuffer: 16_384)) {
            $0.drainTimeout = .milliseconds(100)
        }
        let peer = try await scene.server.peer(0)
        try await peer.open()
        try await scene.ready()
        try await peer.setReading(false)
        #expect(scene.link.send([UInt8](repeating: UInt8(ascii: "x"), count: 32 << 20)))
        await scene.link.shutdown()
        try await scene.end()
    }
}
