// SPDX-License-Identifier: Apache-2.0
import StationJSON
import StationPKI
import Synchronization

/// The folder that makes a machine this station and no other: keys, certificates and `state.json`.
///
/// | File | Content |
/// |---|---|
/// | `idevid.key`, `idevid.pem` | the identity from the factory: key, certificate and its issuer |
/// | `ldevid.key`, `ldevid.pem` | the owner's; after the n-th renewal `ldevid-n.key` and `ldevid-n.pem` |
/// | `state.json` | how far the station has come, see ``IdentityState`` |
/// | `spool/`, `updates/` | reports that wait; the update under way |
///
/// Everything is written to a temporary file, synced and renamed, and the folder is synced, before it is relied upon.
/// The folder is held for one process at a time.
public final class StationIdentity: Sendable {
    /// Which of the two identities.
    public enum Kind: String, Sendable {
        /// From the factory, for life.
        case idevid
        /// From the owner.
        case ldevid
    }

    /// Where it is.
    public let folder: String
    private let lock: FolderLock
    private let stored: Mutex<IdentityState>

    /// Opens a folder that `engrave` has made.
    public init(opening folder: String) throws(AgentError) {
        guard fileExists(folder + "/state.json") else {
            throw AgentError(.identity, "\(folder) holds no station; run: station engrave --directory \(folder) …")
        }
        lock = try FolderLock(folder)
        self.folder = folder
        stored = Mutex(try Self.readState(folder))
        try removeOldPair()
    }

    /// Opens a folder, or makes it for a new station. One that belongs to another serial is refused.
    public init(
        folder: String, serial: String, model: String, hardware: String, component: String
    ) throws(AgentError) {
        try makeFolder(folder)
        lock = try FolderLock(folder)
        self.folder = folder
        if fileExists(folder + "/state.json") {
            let state = try Self.readState(folder)
            guard state.serial.lowercased() == serial.lowercased() else {
                throw AgentError(.identity, "\(folder) belongs to \(state.serial), not to \(serial)")
            }
            stored = Mutex(state)
        } else {
            let state = IdentityState(serial: serial, model: model, hardware: hardware, component: component)
            try DurableFile.write(Array(state.json.prettyPrinted().utf8), to: folder + "/state.json")
            stored = Mutex(state)
        }
    }

    /// Reads the state without holding the folder, for `station show`.
    public static func readState(_ folder: String) throws(AgentError) -> IdentityState {
        let path = folder + "/state.json"
        guard let bytes = try DurableFile.read(path) else { throw AgentError(.identity, "there is no \(path)") }
        do throws(JSONError) {
            return try IdentityState(json: try JSONDocument(bytes).root)
        } catch {
            throw AgentError(.damaged, "\(path): \(error)")
        }
    }

    /// The state as it is on the disk.
    public var state: IdentityState { stored.withLock { $0 } }

    /// Changes the state: on the disk first, then here.
    public func update(_ change: (inout IdentityState) -> Void) throws(AgentError) {
        let failure: AgentError? = stored.withLock { state in
            var next = state
            change(&next)
            guard next != state else { return nil }
            do throws(AgentError) {
                try DurableFile.write(Array(next.json.prettyPrinted().utf8), to: folder + "/state.json")
                state = next
                return nil
            } catch { return error }
        }
        if let failure { throw failure }
    }

    /// The path of a key.
    public func keyPath(_ kind: Kind) -> String { path(kind, ".key") }
    /// The path of a certificate chain.
    public func certificatePath(_ kind: Kind) -> String { path(kind, ".pem") }

    private func path(_ kind: Kind, _ suffix: String) -> String {
        "\(folder)/\(Self.name(kind, pair: state.ownerPair ?? 0))\(suffix)"
    }

    /// The name of a pair of files, without a suffix.
    static func name(_ kind: Kind, pair: Int64) -> String {
        kind == .idevid || pair == 0 ? kind.rawValue : "\(kind.rawValue)-\(pair)"
    }

    /// The key, made now if it is not there yet: it is stored before anybody hears of it.
    public func key(_ kind: Kind, mixing entropy: [UInt8] = []) throws(AgentError) -> KeyFile {
        try KeyFile.openOrCreate(path: keyPath(kind), mixing: entropy)
    }

    /// The certificates, leaf first; nil if there are none yet.
    public func certificates(_ kind: Kind) throws(AgentError) -> [Certificate]? {
        guard let bytes = try DurableFile.read(certificatePath(kind)) else { return nil }
        do throws(PKIError) {
            return try Certificate.all(pem: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw AgentError(.damaged, "\(certificatePath(kind)): \(error.sentence)")
        }
    }

    /// Stores certificates, leaf first.
    public func store(_ certificates: [Certificate], _ kind: Kind) throws(AgentError) {
        let text = certificates.map(\.pem).joined()
        try DurableFile.write(Array(text.utf8), to: certificatePath(kind), mode: 0o600)
    }
}
