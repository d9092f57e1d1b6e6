// SPDX-License-Identifier: Apache-2.0
import StationModel
import XMPPCore

/// What device management keeps. Every method runs inside the core's transaction, and none begins or ends one.
public protocol DeviceStore: AnyObject {
    // Batches
    /// Throws ``StationCore/CommandError`` `conflict` if the name is taken or a serial is in another batch.
    func openBatch(name: String, model: String, serials: [Serial], opened: Timestamp, closes: Timestamp) throws
    func batch(containing serial: Serial) throws -> BatchRecord?
    func batches() throws -> [BatchRecord]
    /// False if there is no such batch.
    func closeBatch(_ name: String, at: Timestamp) throws -> Bool

    // Stations
    func station(_ serial: Serial) throws -> StationRecord?
    /// The station with this key, be it the engraved one or the installed one.
    func station(key: [UInt8]) throws -> StationRecord?
    func insert(_ station: StationRecord) throws
    func update(_ station: StationRecord) throws
    /// In the order of folded serials, beginning after `serial`.
    func stations(after serial: Serial?, state: StationState?, limit: Int) throws -> [StationRecord]
    /// What the roster keeps of an installed station; nil if there is none of this serial or bare JID.
    func installed(_ serial: Serial) throws -> InstalledStation?
    func installed(at jid: JID) throws -> InstalledStation?
    /// Installed stations and their bare JIDs in the order of folded serials, beginning after `serial` (folded).
    func installedAddresses(after serial: String, limit: Int) throws -> [(serial: String, jid: JID)]
    /// How many there are in each state.
    func stationCounts() throws -> [StationState: Int]
    func setLastSeen(_ serials: [(Serial, Timestamp)]) throws

    // Announcements
    func announce(_ serial: Serial, owner: String, at: Timestamp) throws
    /// The owner who has announced this serial.
    func announcedOwner(_ serial: Serial) throws -> String?
    /// Announced serials that have not been introduced, in order.
    func announced(after serial: Serial?, limit: Int) throws -> [(serial: Serial, owner: String)]

    // Challenges
    /// One for each JID and serial: a new one takes the place of the one before.
    func addChallenge(_ challenge: ChallengeRecord) throws
    /// Takes it out: a nonce works once.
    func takeChallenge(nonce: [UInt8]) throws -> ChallengeRecord?
    func removeChallenges(expiredAt: Timestamp) throws

    // Jobs
    func insert(_ job: JobRecord) throws
    func update(_ job: JobRecord) throws
    func job(_ id: String) throws -> JobRecord?
    /// Jobs of a station that have not ended, oldest first.
    func openJobs(of serial: Serial) throws -> [JobRecord]
    /// Newest first.
    func jobs(of serial: Serial?, limit: Int) throws -> [JobRecord]

    // Release keys
    func trustReleaseKey(_ point: [UInt8], at: Timestamp) throws
    func releaseKeys() throws -> [[UInt8]]
}
