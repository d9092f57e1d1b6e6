// SPDX-License-Identifier: Apache-2.0
import StationModel

// What a watch keeps in mind.
extension PoisonWatch {
    /// An item that is not sent any more from now on.
    struct Culprit: Hashable {
        let position: Int64
        /// The number of its station.
        let publisher: Int64
        /// How many links were lost with it.
        let losses: Int
    }

    /// An item that was handed to the link.
    struct Sent {
        let position: Int64
        /// The number of the station for a live item, else 0.
        let publisher: Int64
        let at: Int64
    }

    /// A suspect that is under way.
    struct Trial {
        let number: Int
        let position: Int64
        let publisher: Int64
        /// The feed that it went to, if it was one.
        let feed: ObjectIdentifier?
        let at: Int64
    }

    /// What is held against an item or a station.
    struct Suspicion {
        /// 0 for an item that was acquitted.
        var strikes = 0
        /// All strikes of a station, which an acquittal of one of its items does not take away.
        var hits = 0
        /// All that is held against it are connections that were cut.
        var isByCutsOnly = true
        /// Connections that were cut in its trials.
        var cutTrials = 0
        var at: Int64
    }
}
