// SPDX-License-Identifier: Apache-2.0
import StationModel
import XMPPCore

/// What device management keeps. Every method runs inside the core's transaction, and none begins or ends one.
public protocol DeviceStore: AnyObject {
    // Batches
    /// Throws ``StationCore/CommandError`` `conflict` if a serial is in another batch.
    func openBatch(name: String, model: String, serials: [Serial], opened: Timestamp, closes: Timestamp) throws
    /// Adds serials to a batch. Those that it has already stay; `conflict` for one of another batch.
    func extendBatch(_ name: String, serials: [Serial]) throws
    func batch(_ name: String) throws -> BatchRecord?
    func batch(containing serial: Serial) throws -> BatchRecord?
    /// All batches, with how many serials each has, and how many of them are engraved.
    func batches() throws -> [(batch: BatchRecord, serials: Int, engraved: Int)]
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
    /// Announced serials that are in the registry in no other way, in order.
    func announced(after serial: Serial?, limit: Int) throws -> [(serial: Serial, owner: String)]

    // Challenges
    /// One for each JID and serial: a new one takes the place of the one before.
    func addChallenge(_ challenge: ChallengeRecord) throws
    /// Takes it out: a nonce works once.
    func takeChallenge(nonce: [UInt8]) throws -> ChallengeRecord?
    func removeChallenges(expiredAt: Timestamp) throws

    // Revocation
    /// Keeps what will no longer stand in the station's row, or is to be revoked.
    func keep(_ certificate: CertificateRecord) throws
    /// Every certificate that is kept of this station is revoked from now on.
    func revokeCertificates(of serial: Serial, at: Timestamp) throws
    /// What a list of this authority has to name: what has not run out by then.
    func revokedCertificates(of authority: AuthorityRole, validAt: Timestamp) throws -> [(number: String, at: Timestamp)]
    func revocationList(of authority: AuthorityRole) throws -> RevocationListRecord?
    func put(_ list: RevocationListRecord) throws
    func put(_ end: SessionEndRecord) throws
    func sessionEnd(of jid: JID) throws -> SessionEndRecord?
    /// The oldest first.
    func sessionEnds(limit: Int) throws -> [SessionEndRecord]
    func removeSessionEnd(of jid: JID) throws

    // Jobs
    func insert(_ job: JobRecord) throws
    func update(_ job: JobRecord) throws
    func job(_ id: String) throws -> JobRecord?
    /// Jobs of a station that have not ended, oldest first.
    func openJobs(of serial: Serial) throws -> [JobRecord]
    /// Of one kind, the newest first, those made at once in the order of their ids; behind one of them, if one is given.
    func jobs(of serial: Serial?, kind: String, behind job: JobRecord?, limit: Int) throws -> [JobRecord]

    // Release keys
    func trustReleaseKey(_ point: [UInt8], at: Timestamp) throws
    func releaseKeys() throws -> [[UInt8]]
}
