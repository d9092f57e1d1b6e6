// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel

extension PublisherTable {
    /// A publisher's row; all zero where there is none. Ordered so that nothing is lost to alignment.
    struct Row: BitwiseCopyable {
        private var sequenceLow: UInt32 = 0
        private var positionLow: UInt32 = 0
        /// Seconds since 1970; 0 for never.
        private var seconds: UInt32 = 0
        private var sequenceHigh: UInt8 = 0
        private var positionHigh: UInt8 = 0
        private var state: UInt8 = 0
        private var flags: UInt8 = 0

        /// The largest number that fits five bytes: where it stands, the table has the true one elsewhere.
        static let largest: Int64 = (1 << 40) - 1

        /// See ``PublisherTable/lastSequence(_:)``.
        var shortSequence: Int64 {
            get { Int64(sequenceHigh) << 32 | Int64(sequenceLow) }
            set {
                sequenceLow = UInt32(truncatingIfNeeded: newValue)
                sequenceHigh = UInt8(truncatingIfNeeded: newValue >> 32)
            }
        }
        /// Positions beyond 2^40 would take three years of a million reports a second.
        var lastPosition: Int64 {
            get { Int64(positionHigh) << 32 | Int64(positionLow) }
            set {
                positionLow = UInt32(truncatingIfNeeded: newValue)
                positionHigh = UInt8(truncatingIfNeeded: newValue >> 32)
            }
        }
        var lastReport: Timestamp? {
            get { seconds == 0 ? nil : Timestamp(milliseconds: Int64(seconds) &* 1000) }
            set { seconds = newValue.map { UInt32(clamping: max(1, $0.milliseconds / 1000)) } ?? 0 }
        }
        var exists: Bool { state & 0x80 != 0 }
        var publisherState: PublisherState {
            get { PublisherTable.states[Int(state & 3)] }
            set { state = 0x80 | UInt8(PublisherTable.states.firstIndex(of: newValue) ?? 0) }
        }
        var isActive: Bool { state == 0x80 }
        var presence: Publisher.Presence {
            get { Publisher.Presence(rawValue: flags & 3) ?? .unknown }
            set { flags = flags & ~3 | newValue.rawValue }
        }
        /// Whether its progress has to be written.
        var isDirty: Bool {
            get { flags & 4 != 0 }
            set { flags = newValue ? flags | 4 : flags & ~4 }
        }
        /// Whether its first report has not been put on its timeline.
        var isNew: Bool {
            get { flags & 16 != 0 }
            set { flags = newValue ? flags | 16 : flags & ~16 }
        }
        /// Whether it owes a report, see ``Publisher/refusedAt``.
        var owes: Bool {
            get { flags & 8 != 0 }
            set { flags = newValue ? flags | 8 : flags & ~8 }
        }
    }

    /// `active` first.
    private static let states = [PublisherState.active, .suspended, .revoked, .retired]
}
