// SPDX-License-Identifier: Apache-2.0
@testable import InformationServices
import StationCore
import StationModel
import Testing

@Suite("Poison: who is suspected, tried and found guilty")
struct PoisonWatchTests {
    private struct Play {
        var watch = PoisonWatch(
            losses: 3, shortLife: .seconds(10), pace: .milliseconds(250), calm: .seconds(1), memory: .seconds(3600))
        var now = Timestamp(milliseconds: 1_000_000)

        mutating func after(_ milliseconds: Int64) { now = now.adding(milliseconds: milliseconds) }

        mutating func connect() {
            after(1000)
            watch.linkReady(at: now)
        }

        mutating func send(_ position: Int64, live publisher: Int64 = 0, of station: Int64 = 1) {
            let publisher = publisher
            watch.sent(position, liveOf: publisher, at: now)
            let owner = publisher == 0 ? station : publisher
            guard watch.isSuspect(position, of: owner) else { return }
            #expect(watch.mayTry(position, at: now))
            watch.tried(position, of: owner, on: nil, at: now)
        }

        mutating func lose(_ loss: LinkLoss = .rejected) -> Int64? { watch.linkLost(loss, at: now)?.position }
    }

    @Test("The third loss counts in a trial only")
    func threeLosses() {
        var play = Play()
        for _ in 1...2 {
            play.connect()
            for position in 1...100 { play.send(Int64(position)) }
            #expect(play.lose() == nil)
        }
        #expect(play.watch.hasSuspects)
        play.connect()
        play.send(7)
        #expect(!play.watch.mayTry(8, at: play.now), "one at a time")
        #expect(play.lose() == 7)
    }

    @Test("What was sent ten seconds before has no part in it")
    func longAgo() {
        var play = Play()
        for _ in 1...4 {
            play.connect()
            play.send(1)
            play.after(10_001)
            #expect(play.lose() == nil)
        }
        #expect(!play.watch.hasSuspects)
    }

    @Test("Whoever is sent beside the one on trial may be the culprit as well")
    func beside() {
        var play = Play()
        for _ in 1...2 {
            play.connect()
            play.send(1)
            #expect(play.lose() == nil)
        }
        for loss in 3...6 {
            play.connect()
            play.send(1)
            play.send(Int64(10 + loss), of: 2)
            #expect(play.lose() == (loss == 6 ? 1 : nil))
        }
    }

    @Test("Time acquits nobody: the next one waits until the server has read the first, or is asked in vain")
    func late() {
        for isPatient in [true, false] {
            var play = Play()
            for _ in 1...2 {
                play.connect()
                play.send(1)
                play.send(2)
                #expect(play.lose() == nil)
            }
            play.connect()
            play.send(1)
            play.after(5000)
            let goesOn = play.watch.tick(at: play.now)
            #expect(!goesOn && !play.watch.mayTry(2, at: play.now))
            if isPatient {
                #expect(play.lose() == 1)
                continue
            }
            let isDropped = play.watch.unanswered(play.watch.trialNumber ?? 0)
            #expect(isDropped && play.watch.isSuspect(1, of: 1) && !play.watch.isQuiet(at: play.now))
            #expect(play.lose() == nil)
        }
    }

    @Test("A link bears witness once something has come back over it")
    func proof() {
        var play = Play()
        for _ in 1...2 {
            play.connect()
            #expect(!play.watch.isQuiet(at: play.now) && !play.watch.isAlive(at: play.now))
            play.watch.read(until: play.now)
            #expect(play.watch.isQuiet(at: play.now) && play.watch.isAlive(at: play.now))
        }
    }

    @Test("A station that sends something harmless whenever it is suspected is found out within its hour")
    func harmlessInBetween() {
        var play = Play()
        var losses = 0
        var found: Int64?
        play.connect()
        for position in 1...Int64(60) where found == nil {
            let isTried = play.watch.isSuspect(position, of: 1)
            play.send(position, live: 1)
            if isTried && position % 3 == 0 {
                let isCleared = play.watch.outlived(play.watch.trialNumber ?? 0)
                #expect(isCleared)
            } else {
                losses += 1
                found = play.lose()
                play.connect()
            }
        }
        #expect(found == 10 && losses == 7)
    }

    @Test("An acquittal by an acknowledgement and by a sign of life")
    func acquittals() {
        for way in 0..<2 {
            var play = Play()
            let feed = ObjectIdentifier(Mark.self)
            for _ in 1...2 {
                play.connect()
                play.send(1)
                #expect(play.lose() == nil)
            }
            play.connect()
            play.watch.sent(1, at: play.now)
            play.watch.tried(1, of: 1, on: feed, at: play.now)
            let outcomes: [Bool]
            switch way {
            case 0: outcomes = [play.watch.acknowledged(0, feed), play.watch.acknowledged(1, feed)]
            default:
                outcomes = [play.watch.outlived(7), play.watch.outlived(play.watch.trialNumber ?? 0)]
            }
            #expect(outcomes == [false, true])
            #expect(!play.watch.hasSuspects)
            #expect(play.lose() == nil)
            #expect(!play.watch.hasSuspects)
        }
    }

    @Test("A live item is not sent again, so its station is suspected, and the next of its items goes alone")
    func live() {
        var play = Play()
        for loss in 1...2 {
            play.connect()
            for station in 1...50 { play.send(Int64(loss * 100 + station), live: Int64(station)) }
            #expect(play.lose() == nil)
        }
        play.connect()
        for station in 1...49 {
            play.send(Int64(300 + station), live: Int64(station))
            let goesOn = play.watch.outlived(play.watch.trialNumber ?? 0)
            #expect(goesOn && !play.watch.isSuspect(1, of: Int64(station)))
        }
        play.send(350, live: 50)
        #expect(play.lose() == 350)
        play.connect()
        play.send(360, live: 50)
        #expect(play.lose() == 360, "a second item of the same station costs one link")
    }

    @Test("What a restart, a timeout or another component ends says nothing")
    func unrelated() {
        var play = Play()
        for _ in 1...10 {
            play.connect()
            play.send(1)
            play.send(2, live: 1)
            #expect(play.lose(.unrelated) == nil)
        }
        #expect(!play.watch.hasSuspects)
    }

    @Test("Very many are struck: those with one strike are let go first")
    func many() {
        var play = Play()
        for round in 0..<8 {
            play.connect()
            for position in 0..<PoisonWatch.remembered { play.send(Int64(round * PoisonWatch.remembered + position + 1)) }
            #expect(play.lose() == nil)
        }
        #expect(!play.watch.hasSuspects)
    }

    private final class Mark {}
}
