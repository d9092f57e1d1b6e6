// SPDX-License-Identifier: Apache-2.0
import StationTesting
import Testing
import XMPPCore

@testable import InformationServices

@Suite("Information services: the feed as a value")
struct InformationServicesFeedTests {
    /// A log and a consumer in a few lines, driven at random: whatever happens, the consumer gets every
    /// position behind its cursor, in order, and never has more than the window unacknowledged.
    @Test("Nothing is lost and nothing overtakes, whatever happens", arguments: 1...200)
    func property(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let taker = try JID("nws.example/a")
        var feed = Feed(cursor: 0, window: 3)
        var end: Int64 = 0
        var got: [Int64] = []
        var lastOfRun: Int64 = 0
        func deliver(_ position: Int64) {
            #expect(position == lastOfRun + 1, "seed \(seed): \(position) after \(lastOfRun)")
            lastOfRun = position
            got.append(position)
            #expect(feed.unacknowledged.count <= feed.window)
        }
        func readLog(_ limit: Int64) {
            guard feed.wantsLog else { return }
            let to = min(end, feed.sent + limit)
            var position = feed.sent + 1
            var reached = feed.sent
            while position <= to {
                guard feed.catchUp(position) else { break }
                deliver(position)
                reached = position
                position += 1
            }
            feed.reached(reached, isEnd: reached >= end)
        }
        for _ in 0..<400 {
            switch Int.random(in: 0..<12, using: &random) {
            case 0...4:
                end += 1
                if feed.follow(end) { deliver(end) }
            case 5...6: readLog(Int64.random(in: 1...4, using: &random))
            case 7...8:
                guard let chosen = feed.unacknowledged.randomElement(using: &random) else { break }
                let isNew = feed.acknowledge(chosen)
                #expect(isNew)
            case 9:
                feed.resume(by: taker, window: Int.random(in: 1...5, using: &random))
                lastOfRun = feed.cursor
            case 10:
                feed.rewind()
                lastOfRun = feed.cursor
            default:
                feed.pause()
                lastOfRun = feed.cursor
            }
        }
        feed.resume(by: taker, window: 5)
        lastOfRun = feed.cursor
        while feed.cursor < end {
            readLog(4)
            guard let last = feed.unacknowledged.last else { break }
            _ = feed.acknowledge(last)
        }
        #expect(feed.cursor == end)
        #expect(end > 0 && Set(got) == Set(1...end))
    }

    @Test("A full window makes a feed fall behind, and an acknowledgement lets it read on")
    func window() throws {
        var feed = Feed(cursor: 0, window: 2, taker: try JID("nws.example/a"))
        feed.reached(0, isEnd: true)
        let followed = [feed.follow(1), feed.follow(2), feed.follow(3)]
        #expect(followed == [true, true, false])
        #expect(!feed.wantsLog)
        let isNew = feed.acknowledge(1)
        #expect(isNew && feed.wantsLog)
        let overtakes = feed.follow(4)
        #expect(!overtakes, "3 has to come first")
        let read = [feed.catchUp(3), feed.catchUp(4)]
        #expect(read == [true, false], "the window is full")
    }

    @Test("After a restart an acknowledgement of what an earlier run sent is taken")
    func restart() throws {
        var feed = Feed(cursor: 10, window: 2, taker: try JID("nws.example/a"))
        let acknowledged = [feed.acknowledge(12), feed.acknowledge(12)]
        #expect(acknowledged == [true, false])
        let read = [feed.catchUp(12), feed.catchUp(13)]
        #expect(read == [false, true])
    }
}
