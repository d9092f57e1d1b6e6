// SPDX-License-Identifier: Apache-2.0
import StationModel
import StationPKI

/// Certificates as they come from the component: checked before they are stored, so that a station never finds itself
/// with an identity that it cannot use.
enum CertificateChain {
    /// Reads a chain in DER, leaf first.
    /// - Throws: `credentials` unless the leaf is for this key and serial, is signed by what follows, and names one address.
    static func read(
        _ ders: [[UInt8]], key: P256PublicKey, serial: Serial
    ) throws(AgentError) -> [Certificate] {
        var chain: [Certificate] = []
        for der in ders {
            do throws(PKIError) { chain.append(try Certificate(der: der)) } catch {
                throw AgentError(.credentials, "the component sent no readable certificate: \(error.sentence)")
            }
        }
        guard let leaf = chain.first, (try? leaf.publicKey) == key else {
            throw AgentError(.credentials, "the certificate is not for this station's key")
        }
        guard leaf.subjectSerialNumber?.lowercased() == serial.folded else {
            throw AgentError(.credentials, "the certificate is not for serial \(serial)")
        }
        do throws(PKIError) {
            // The station's own clock is not asked: it may not have one yet.
            let valid = chain.map(\.notBefore).max() ?? leaf.notBefore
            _ = try StationCertificateProfile.verify(
                chain: chain, trustAnchors: Array(chain.dropFirst()), at: valid)
        } catch {
            throw AgentError(.credentials, "the certificate cannot be used: \(error.sentence)")
        }
        return chain
    }
}
