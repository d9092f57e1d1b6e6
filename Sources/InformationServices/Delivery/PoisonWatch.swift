// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel

/// Finds the item for which a server closes the stream, as a value: what was sent and when the link came and went goes
/// in, the position of the item comes out.
///
/// Three steps. *Suspicion*: what was sent shortly before the server ended the stream with an error gets a strike; an item
/// that may be sent again gets its own, and a live one, which never is, gives it to its station. *Trial*: who has all but
/// one of the strikes goes out alone, over a link that was seen to live, and is acquitted when the server is known to have
/// read it: time is no proof. *Verdict*: the item that the link was
/// lost with in a trial is the one.
///
/// A connection that is cut without a word says much less: the network does so, and a server that dies of other things. So
/// it counts for links that were lost soon after they came up, a trial needs a link that has proven itself before, and the
/// item must be lost with so many of them.
struct PoisonWatch {
    /// After so many losses the item is set aside.
    let losses: Int
    /// In milliseconds: what was sent longer than this before a loss had no part in it, and a connection that was cut after
    /// a longer life was not cut because of what was sent.
    let shortLife: Int64
    /// How often those that wait are looked at, in milliseconds.
    let pace: Int64
    /// How long a link has to live before a trial counts in which the connection is cut. The second trial waits twice as
    /// long and so on, so that a link that ends by itself after a fixed time does not end in each of them.
    let calm: Int64
    /// How long strikes are remembered, in milliseconds: longer than it takes to reconnect or than a consumer pauses.
    let memory: Int64
    /// How many items are remembered that were sent; the newest.
    static let remembered = 8192
    /// How many items and stations may be struck at once; beyond it, those with one strike are let go.
    static let mostStruck = 32_768
    /// How long after a sign of life a trial may begin, in milliseconds.
    static let quietMilliseconds: Int64 = 50

    private var readyAt: Int64?
    private var sent: [Sent] = []
    private var next = 0
    private var items: [Int64: Suspicion] = [:]
    /// By the station's number.
    private var stations: [Int64: Suspicion] = [:]
    private var trial: Trial?
    private var trials = 0
    /// The server has read what was sent over this link until then; the lowest number as long as it was not heard of.
    private var readUntil: Int64 = .min
    private var lastSent: Int64 = .min
    /// Whether some items have to be sent alone. Kept, since each delivery asks.
    private(set) var hasSuspects = false

    init(losses: Int, shortLife: Duration, pace: Duration, calm: Duration, memory: Duration) {
        func milliseconds(_ duration: Duration) -> Int64 { Timestamp(milliseconds: 0).adding(duration).milliseconds }
        self.losses = max(2, losses)
        self.shortLife = milliseconds(shortLife)
        self.pace = milliseconds(pace)
        self.calm = milliseconds(calm)
        self.memory = milliseconds(memory)
    }

    // MARK: - Sending

    mutating func linkReady(at now: Timestamp) {
        readyAt = now.milliseconds
        readUntil = .min
        lastSent = .min
        forgetSent()
        forgetOld(now.milliseconds)
    }

    /// Whether the item may only be sent alone.
    func isSuspect(_ position: Int64, of publisher: Int64) -> Bool {
        guard hasSuspects else { return false }
        if let item = items[position] {
            if isSuspect(item) { return true }
            if item.strikes == 0 { return false }
        }
        return isSuspect(stations[publisher])
    }

    private func isSuspect(_ suspicion: Suspicion?) -> Bool { (suspicion?.strikes ?? 0) &+ 1 >= losses }

    /// Whether a suspect may be sent now: no other is, and the link can bear witness.
    func mayTry(_ position: Int64, at now: Timestamp) -> Bool {
        guard trial == nil, let readyAt else { return false }
        guard let item = items[position], item.isByCutsOnly, item.strikes > 0 else { return true }
        return now.milliseconds &- readyAt >= calm &* Int64(1 &+ item.cutTrials)
    }

    /// Whether next to nothing is under way that the server may not have read.
    func isQuiet(at now: Timestamp) -> Bool {
        isAlive(at: now, within: Self.quietMilliseconds) || (readUntil > .min && lastSent <= readUntil)
    }

    /// Whether the link was seen to live lately, so that a trial may begin beside others.
    func isAlive(at now: Timestamp) -> Bool { isAlive(at: now, within: shortLife) }

    private func isAlive(at now: Timestamp, within milliseconds: Int64) -> Bool {
        readUntil > .min && now.milliseconds &- readUntil <= milliseconds
    }

    /// The server has read all that was sent until then.
    mutating func read(until time: Timestamp) { readUntil = max(readUntil, time.milliseconds) }

    /// A suspect was handed to the link.
    mutating func tried(_ position: Int64, of publisher: Int64, on feed: ObjectIdentifier?, at now: Timestamp) {
        trials &+= 1
        trial = Trial(number: trials, position: position, publisher: publisher, feed: feed, at: now.milliseconds)
    }

    /// An item was handed to the link: of a feed or an answer, or a live one of a station.
    @inline(__always)
    mutating func sent(_ position: Int64, liveOf publisher: Int64 = 0, at now: Timestamp) {
        let one = Sent(position: position, publisher: publisher, at: now.milliseconds)
        lastSent = one.at
        if sent.count < Self.remembered {
            sent.append(one)
        } else {
            sent[next] = one
            next = next &+ 1 == Self.remembered ? 0 : next &+ 1
        }
    }

    private mutating func forgetSent() {
        sent.removeAll(keepingCapacity: true)
        next = 0
    }

    // MARK: - Acquittal

    /// The trial that is under way.
    var trialNumber: Int? { trial?.number }

    /// A feed has acknowledged all up to an item. True if something that waited may be sent now.
    mutating func acknowledged(_ position: Int64, _ feed: ObjectIdentifier) -> Bool {
        guard let trial, trial.feed == feed, trial.position <= position else { return false }
        acquit(trial)
        return true
    }

    /// The server has read what was sent behind a trial. True if something that waited may be sent now.
    mutating func outlived(_ number: Int) -> Bool {
        guard let trial, trial.number == number else { return false }
        acquit(trial)
        return true
    }

    /// Nothing was heard of the server behind a trial, which says neither. True if something that waited may be sent now.
    mutating func unanswered(_ number: Int) -> Bool {
        guard let trial, trial.number == number else { return false }
        self.trial = nil
        return true
    }

    /// Time has gone by. True if something that waited may be sent now.
    mutating func tick(at now: Timestamp) -> Bool {
        guard trial == nil else { return false }
        forgetOld(now.milliseconds)
        return true
    }

    private mutating func acquit(_ trial: Trial) {
        self.trial = nil
        readUntil = max(readUntil, trial.at)
        items[trial.position]?.strikes = 0
        items[trial.position]?.cutTrials = 0
        if var station = stations[trial.publisher] {
            // Who is there whenever links are lost could send something harmless in between each time.
            let stays = station.hits >= 2 &* losses
            station.strikes = stays ? min(station.strikes, losses &- 1) : 0
            stations[trial.publisher] = station
            if stays, items[trial.position] == nil { items[trial.position] = Suspicion(at: trial.at) }
        }
        look()
    }

    private mutating func look() {
        hasSuspects = items.contains { isSuspect($0.value) } || stations.contains { isSuspect($0.value) }
    }

    private mutating func forgetOld(_ now: Int64) {
        guard !items.isEmpty || !stations.isEmpty else { return }
        // A clock that has gone back forgets as well.
        func isOld(_ suspicion: Suspicion) -> Bool { !(0..<memory).contains(now &- suspicion.at) }
        items = items.filter { !isOld($0.value) }
        stations = stations.filter { !isOld($0.value) }
        if items.count &+ stations.count > Self.mostStruck {
            items = items.filter { isSuspect($0.value) }
            stations = stations.filter { isSuspect($0.value) }
        }
        look()
    }

    // MARK: - Strikes

    /// The link is gone.
    ///
    /// - Returns: the item because of which it was lost so many times.
    mutating func linkLost(_ loss: LinkLoss, at now: Timestamp) -> Culprit? {
        guard let readyAt else { return nil }
        let now = now.milliseconds
        defer {
            self.readyAt = nil
            trial = nil
            forgetSent()
            forgetOld(now)
        }
        switch loss {
        case .unrelated: return nil
        case .cut: return cut(after: now &- readyAt, now)
        case .rejected: return rejected(now)
        }
    }

    /// What else is under way in a trial may be the culprit as well. Then it takes twice the strikes: who is innocent is
    /// not there so often.
    private mutating func rejected(_ now: Int64) -> Culprit? {
        let recent = sent.filter { now &- $0.at <= shortLife }
        var culprit: Culprit?
        if let trial {
            let isAlone = !sent.contains { isOther($0, than: trial) }
            let strikes = 1 &+ max(items[trial.position]?.strikes ?? 0, stations[trial.publisher]?.strikes ?? 0)
            if strikes >= (isAlone ? losses : 2 &* losses) {
                culprit = Culprit(position: trial.position, publisher: trial.publisher, losses: strikes)
                items.removeValue(forKey: trial.position)
                // Whoever has sent one may send more, and each of them need not cost so many links.
                let hits = (stations[trial.publisher]?.hits ?? 0) &+ 1
                stations[trial.publisher] = Suspicion(strikes: losses &- 1, hits: hits, isByCutsOnly: false, at: now)
            } else {
                items[trial.position] = Suspicion(strikes: strikes, isByCutsOnly: false, at: now)
            }
            if isAlone { return culprit }
        }
        strike(recent.filter { $0.position != trial?.position }, isCut: false, now)
        return culprit
    }

    /// Whether the server may have read this one at the same time, and it was not acquitted.
    private func isOther(_ one: Sent, than trial: Trial) -> Bool {
        one.position != trial.position && one.at > readUntil
            && !(one.publisher == 0 && items[one.position]?.strikes == 0)
    }

    private mutating func cut(after life: Int64, _ now: Int64) -> Culprit? {
        if let trial {
            guard var item = items[trial.position],
                trial.at &- (readyAt ?? 0) >= calm &* Int64(1 &+ item.cutTrials)
            else { return nil }
            item.cutTrials &+= 1
            item.at = now
            items[trial.position] = item
            guard item.cutTrials >= losses else { return nil }
            items.removeValue(forKey: trial.position)
            return Culprit(position: trial.position, publisher: trial.publisher, losses: item.strikes &+ item.cutTrials)
        }
        // Live items are not sent again, so they cannot keep a server from coming up.
        if life < shortLife { strike(sent.filter { $0.publisher == 0 }, isCut: true, now) }
        return nil
    }

    /// One strike for each item or station; nobody gets the last one outside of a trial.
    private mutating func strike(_ recent: [Sent], isCut: Bool, _ now: Int64) {
        func struck(_ old: Suspicion?) -> Suspicion {
            var suspicion = old ?? Suspicion(at: now)
            suspicion.strikes = max(suspicion.strikes, min(suspicion.strikes &+ 1, losses &- 1))
            suspicion.hits &+= 1
            suspicion.isByCutsOnly = suspicion.isByCutsOnly && isCut
            suspicion.at = now
            return suspicion
        }
        for position in Set(recent.lazy.filter { $0.publisher == 0 }.map(\.position)) {
            items[position] = struck(items[position])
        }
        for publisher in Set(recent.lazy.map(\.publisher)) where publisher != 0 {
            stations[publisher] = struck(stations[publisher])
        }
    }
}
