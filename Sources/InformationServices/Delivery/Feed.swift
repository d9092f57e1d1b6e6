// SPDX-License-Identifier: Apache-2.0
import XMPPCore

/// A feed as a value: what was sent, what is acknowledged, and whether the next item comes from the log or
/// from the live tail. Positions go in, decisions come out; who performs them is not its business.
///
/// - Paused: nobody takes items. A committed report makes no difference.
/// - Behind: items between ``sent`` and the end of the log are yet to be read from the log.
/// - At the tail: everything up to the end of the log was sent or does not match; the next report is sent at once.
struct Feed: Hashable, Sendable {
    /// Everything up to and including this position is acknowledged.
    private(set) var cursor: Int64
    /// The full JID that takes the items; nil while paused.
    private(set) var taker: JID?
    /// How many items may be unacknowledged at once.
    private(set) var window: Int
    /// Everything up to and including this position was sent or does not match.
    private(set) var sent: Int64
    /// Whether the log has to be read before the tail can be followed.
    private(set) var isBehind = true
    /// Positions that were sent and are not acknowledged, ascending; never more than `window`.
    private(set) var unacknowledged: [Int64] = []
    /// Grows with each resume, rewind and pause: what was read for an earlier run is not sent in a later one.
    private(set) var run = 0

    init(cursor: Int64, window: Int, taker: JID? = nil) {
        self.cursor = cursor
        self.window = window
        self.taker = taker
        sent = cursor
    }

    /// How many items may be sent now.
    var room: Int { taker == nil ? 0 : max(0, window - unacknowledged.count) }

    /// Whether the log has to be read, and something may be sent.
    var wantsLog: Bool { isBehind && room > 0 }

    /// Someone takes the items from now on: everything after the cursor is sent, again if need be.
    mutating func resume(by taker: JID, window: Int) {
        self.taker = taker
        self.window = window
        rewind()
    }

    /// What was sent may be lost: start again from the cursor.
    mutating func rewind(window: Int? = nil) {
        if let window { self.window = window }
        sent = cursor
        unacknowledged.removeAll(keepingCapacity: true)
        isBehind = true
        run &+= 1
    }

    /// Nobody takes items until the next resume.
    mutating func pause() {
        taker = nil
        rewind()
    }

    /// The consumer has everything up to and including `position`. False if it had said so before.
    mutating func acknowledge(_ position: Int64) -> Bool {
        guard position > cursor else { return false }
        cursor = position
        // After a restart the consumer may know more of what was sent than we do.
        sent = max(sent, position)
        let kept = unacknowledged.firstIndex { $0 > position } ?? unacknowledged.endIndex
        unacknowledged.removeSubrange(..<kept)
        return true
    }

    /// A matching report was committed at the tail. True: send it now.
    mutating func follow(_ position: Int64) -> Bool {
        guard !isBehind, taker != nil, position > sent else { return false }
        guard unacknowledged.count < window else {
            isBehind = true
            return false
        }
        sent = position
        unacknowledged.append(position)
        return true
    }

    /// A matching report was committed, and nothing may be sent now: the log has to be read later.
    mutating func fallBehind() { isBehind = true }

    /// A matching report was read from the log. True: send it now.
    mutating func catchUp(_ position: Int64) -> Bool {
        guard isBehind, position > sent, room > 0 else { return false }
        sent = position
        unacknowledged.append(position)
        return true
    }

    /// A matching report was read from the log that is not to be sent. True: it is passed over.
    mutating func pass(_ position: Int64) -> Bool {
        guard isBehind, position > sent, taker != nil else { return false }
        sent = position
        return true
    }

    /// The log was read up to `position`, and everything that matched was offered to ``catchUp(_:)``.
    /// `isEnd`: there was nothing beyond it.
    mutating func reached(_ position: Int64, isEnd: Bool) {
        guard isBehind else { return }
        sent = max(sent, position)
        if isEnd { isBehind = false }
    }
}
