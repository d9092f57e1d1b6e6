// SPDX-License-Identifier: Apache-2.0
import StationPKI

/// The owner's identity: a pair of key and certificate, replaced whole.
///
/// A new pair is made beside the one in use, and `state.json` says which one counts. So a station that loses power, or
/// the last reply, in the midst of a renewal has the old pair or the new one, never half of each.
extension StationIdentity {
    /// The owner's certificate; nil unless it is there and readable, with its key.
    func ownerCertificate() throws(AgentError) -> Certificate? {
        guard fileExists(keyPath(.ldevid)) else { return nil }
        do throws(AgentError) {
            let key = try KeyFile(path: keyPath(.ldevid)).publicKey
            guard let leaf = try certificates(.ldevid)?.first, (try? leaf.publicKey) == key else { return nil }
            return leaf
        } catch {
            guard error.code == .damaged || error.code == .credentials else { throw error }
            return nil
        }
    }

    /// The key for the next certificate: made and stored before anybody hears of it, the same until it is certified.
    func nextOwnerKey() throws(AgentError) -> KeyFile { try KeyFile.openOrCreate(path: nextPath(".key")) }

    /// Stores the certificates for ``nextOwnerKey()``, leaf first, and puts both in the place of the pair in use.
    /// - Parameter change: what else becomes true at that moment.
    func installOwner(
        _ certificates: [Certificate], _ change: (inout IdentityState) -> Void
    ) throws(AgentError) {
        try DurableFile.write(Array(certificates.map(\.pem).joined().utf8), to: nextPath(".pem"), mode: 0o600)
        let pair = nextPair
        try update { state in
            state.ownerPair = pair
            change(&state)
        }
        try removeOldPair()
    }

    /// The pair before this one; a crash may have left it behind.
    func removeOldPair() throws(AgentError) {
        guard let pair = state.ownerPair, pair > 0 else { return }
        for suffix in [".key", ".pem"] { try removeFile("\(folder)/\(Self.name(.ldevid, pair: pair - 1))\(suffix)") }
    }

    private var nextPair: Int64 { state.ownerPair.map { $0 + 1 } ?? 0 }
    private func nextPath(_ suffix: String) -> String { "\(folder)/\(Self.name(.ldevid, pair: nextPair))\(suffix)" }
}
