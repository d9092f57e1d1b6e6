// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationJSON
import StationModel
import StationPKI
import XMPPCore

/// Keeps the two authorities' lists of revoked certificates (RFC 5280 §5) as files for the server: written anew with each
/// revocation and long before they run out, since a server that finds a list that has run out lets nobody in.
///
/// A list that is due is a row until the file is on the disk; then the server is asked to read it.
final class RevocationLists {
    private let store: any DeviceStore
    private let configuration: DeviceConfiguration
    /// Told when the server has the newest lists, or is known not to take them from us.
    var settled: (CoreContext) throws -> Void = { _ in }
    /// Whether the server has what it will get. Until then a session that was ended may come back.
    private(set) var isSettled = false
    /// Whether it has read the lists, then.
    private(set) var hasBeenRead = false
    private var hasBegun = false
    /// One list at a time is signed and written, so that an older one never comes last.
    private var busy: Set<AuthorityRole> = []
    /// Those that have changed while one was written.
    private var stale: Set<AuthorityRole> = []
    /// When the server was asked to read them, until it answers; and whether they have changed since.
    private var reloading: Timestamp?
    private var reloadsAgain = false
    private var failures: [AuthorityRole: String] = [:]
    private static let timer = "revocation-list"
    private static let retryMilliseconds: Int64 = 60_000

    init(store: any DeviceStore, configuration: DeviceConfiguration) {
        self.store = store
        self.configuration = configuration
    }

    func register(on core: inout CoreRegistry) {
        core.timer(Self.timer) { [self] key, context in
            if let role = AuthorityRole(rawValue: key) { try publish(role, context) }
        }
        // Once for each run of the program: somebody may have put an old file back.
        core.linkReady { [self] context in
            if hasBegun, isSettled { return }
            try changed(context)
            context.afterCommit { [self] _ in hasBegun = true }
        }
    }

    /// What the lists have to name has changed, in this transaction.
    func changed(_ context: CoreContext) throws {
        let wasSettled = isSettled
        context.undo { [self] in isSettled = wasSettled }
        isSettled = false
        guard configuration.revocation.write != nil else { return try settle(context, hasRead: false) }
        for role in AuthorityRole.allCases { try publish(role, context) }
    }

    private func publish(_ role: AuthorityRole, _ context: CoreContext) throws {
        guard let write = configuration.revocation.write else { return }
        context.schedule(Self.timer, key: role.rawValue, due: context.now.adding(milliseconds: Self.retryMilliseconds))
        let now = context.now
        // The time as the number: higher than that of a list which a backup does not know.
        let number = max((try store.revocationList(of: role)?.number ?? 0) &+ 1, now.milliseconds / 1000)
        let nextUpdate = now.adding(configuration.revocation.listLifetime)
        let list = RevocationListRecord(authority: role, number: number, nextUpdate: nextUpdate, isPublished: false)
        try store.put(list)
        guard !busy.contains(role) else {
            stale.insert(role)
            return
        }
        let revoked = try store.revokedCertificates(of: role, validAt: now).map {
            (serialNumber: $0.number, at: $0.at.milliseconds / 1000)
        }
        let authority = role == .maker ? configuration.makerAuthority : configuration.ownerAuthority
        context.undo { [self] in busy.remove(role) }
        busy.insert(role)
        context.perform("revocation list") { () -> String? in
            do throws(PKIError) {
                let pem = try authority.crlPEM(
                    revoked: revoked, number: number, now: now.milliseconds / 1000,
                    nextUpdate: nextUpdate.milliseconds / 1000)
                return write(role, authority.certificate.pem + pem)
            } catch { return "the list could not be signed: \(error)" }
        } then: { [self] failure, context in
            busy.remove(role)
            try written(list, failure, context)
        }
    }

    private func written(_ list: RevocationListRecord, _ failure: String?, _ context: CoreContext) throws {
        failures[list.authority] = failure
        if stale.remove(list.authority) != nil { return try publish(list.authority, context) }
        // What failed is tried again by the timer.
        if failure == nil {
            var list = list
            list.isPublished = true
            try store.put(list)
            let renewal = configuration.revocation.listLifetime / 2
            context.schedule(Self.timer, key: list.authority.rawValue, due: context.now.adding(renewal))
        }
        if busy.isEmpty { try reload(context) }
    }

    // MARK: - The server

    private func reload(_ context: CoreContext) throws {
        guard configuration.revocation.reloadsServer, let host = try? JID(configuration.stationsHost) else {
            return try settle(context, hasRead: false)
        }
        let now = context.now
        if let at = reloading, now >= at, now.milliseconds(since: at) < Self.retryMilliseconds {
            reloadsAgain = true
            return
        }
        reloading = now
        ServerCommand.reload(host, from: configuration.domain).run(context) { [self] outcome, context in
            reloading = nil
            if reloadsAgain {
                reloadsAgain = false
                return try reload(context)
            }
            switch outcome {
            case .done: try settle(context, hasRead: true)
            // It has no such command, or does not let us: the lists are read when its administrator says so.
            case .refused: try settle(context, hasRead: false)
            case .later: context.later(milliseconds: Self.retryMilliseconds) { [self] in try reload($0) }
            }
        }
    }

    private func settle(_ context: CoreContext, hasRead: Bool) throws {
        let isPublished = try configuration.revocation.write == nil
            || AuthorityRole.allCases.allSatisfy { try store.revocationList(of: $0)?.isPublished == true }
        isSettled = busy.isEmpty && stale.isEmpty && isPublished
        hasBeenRead = hasRead
        if isSettled { try settled(context) }
    }

    // MARK: - For people

    /// Which lists there are, until when they are good, and why one could not be written.
    func describe() throws -> JSON {
        .array(
            try AuthorityRole.allCases.compactMap { role in
                try store.revocationList(of: role).map { list in
                    .object([
                        .init("authority", .string(role.rawValue)), .init("number", .integer(list.number)),
                        .init("published", .boolean(list.isPublished)),
                        .init("nextUpdate", .number(list.nextUpdate.seconds)),
                    ] + (failures[role].map { [JSON.Member("failure", .string($0))] } ?? []))
                }
            })
    }
}
