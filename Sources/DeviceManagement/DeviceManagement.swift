// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import StationPKI
import XMPPCore

/// What device management needs to know of its surroundings.
public struct DeviceConfiguration: Sendable {
    /// The component's own address.
    public var domain: JID
    /// XMPP domains from which units may be engraved.
    public var factoryHosts: [String]
    /// The domain on which stations log in with their IDevID.
    public var onboardingHost: String
    /// The domain on which stations log in with their LDevID.
    public var stationsHost: String
    /// The owner of announced stations when the announcement names none.
    public var owner: String
    /// Signs IDevIDs.
    public var makerAuthority: CertificateAuthority
    /// Signs LDevIDs.
    public var ownerAuthority: CertificateAuthority
    /// Makers whose IDevIDs the owner accepts; this component's own maker is one of them by default.
    public var trustedMakers: [Certificate]
    /// Signs receipts and assignments.
    public var directorKey: P256PrivateKey
    /// Seconds between two reports of a station.
    public var reportInterval = 60
    /// How long a challenge may be answered.
    public var challengeLifetime: Duration = .seconds(300)
    /// Validity of an IDevID in days. 802.1AR wants it to outlive the device; 30 years do.
    public var identityDays = 10_950
    /// Validity of an LDevID in days.
    public var operationalDays = 397
    /// Private Enterprise Number in `urn:dev:ops:` (RFC 9039 §4.3).
    public var enterpriseNumber = 32473
    /// How many stations are probed in 100 ms after a start.
    public var probesPerTick = 200
    /// How long a station may say nothing about a job that it has accepted before the job is offered again.
    public var jobSilence: Duration = .seconds(600)
    /// How a revocation is made known to the server.
    public var revocation = RevocationConfiguration()

    public init(
        domain: JID, factoryHosts: [String], onboardingHost: String, stationsHost: String, owner: String,
        makerAuthority: CertificateAuthority, ownerAuthority: CertificateAuthority, directorKey: P256PrivateKey
    ) {
        self.domain = domain
        self.factoryHosts = factoryHosts
        self.onboardingHost = onboardingHost
        self.stationsHost = stationsHost
        self.owner = owner
        self.makerAuthority = makerAuthority
        self.ownerAuthority = ownerAuthority
        self.directorKey = directorKey
        trustedMakers = [makerAuthority.certificate]
    }
}

/// The domain of device management: identity, onboarding, presence and jobs of stations.
public final class DeviceManagement: CoreModule {
    let store: any DeviceStore
    let configuration: DeviceConfiguration
    /// Which stations there are, and which are online; on the core thread only.
    public let roster: StationRoster
    private let engraving: Engraving
    private let onboarding: Onboarding
    private let jobs: Jobs
    private let updates: Updates
    private let presence: PresenceTracking
    private let clones: CloneWatch
    private let commands: RegistryCommands
    private let revocation: Revocation

    /// `nextSequence` says which `seq` a station is to send next; information services know it.
    /// `directory` is the one that the domains of this process share.
    public init(
        store: any DeviceStore, configuration: DeviceConfiguration, directory: StationDirectory,
        nextSequence: @escaping (Serial) -> Int64
    ) {
        self.store = store
        self.configuration = configuration
        roster = StationRoster(store: store, directory: directory)
        jobs = Jobs(store: store, roster: roster, domain: configuration.domain, silence: configuration.jobSilence)
        updates = Updates(store: store, jobs: jobs, configuration: configuration)
        jobs.add(updates)
        let lists = RevocationLists(store: store, configuration: configuration)
        let sessions = SessionEnds(store: store, configuration: configuration, lists: lists)
        revocation = Revocation(
            store: store, roster: roster, configuration: configuration, lists: lists, sessions: sessions)
        let clones = CloneWatch(store: store, roster: roster, configuration: configuration)
        self.clones = clones
        let proofs = Proofs(store: store, configuration: configuration)
        engraving = Engraving(store: store, configuration: configuration, proofs: proofs)
        onboarding = Onboarding(
            store: store, configuration: configuration, proofs: proofs, roster: roster, sessions: sessions,
            clones: clones, nextSequence: nextSequence)
        presence = PresenceTracking(store: store, roster: roster, configuration: configuration, clones: clones)
        commands = RegistryCommands(store: store, roster: roster, configuration: configuration)
    }

    /// Nothing: stations are read as they show themselves.
    public func load() throws {}

    public func register(on core: inout CoreRegistry) {
        engraving.register(on: &core)
        onboarding.register(on: &core)
        presence.register(on: &core)
        clones.register(on: &core)
        jobs.register(on: &core)
        updates.register(on: &core)
        commands.register(on: &core)
        revocation.register(on: &core)
    }
}

extension StanzaError {
    /// The one refusal, whatever the reason: who may not, learns nothing of why.
    static var notAllowed: StanzaError { StanzaError(.forbidden, "not allowed") }
}
