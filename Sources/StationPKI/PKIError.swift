// SPDX-License-Identifier: Apache-2.0
import CStationOpenSSL

/// Why a key, certificate, request or signature was refused: a code to switch on, a sentence to read. Holds no secret.
public struct PKIError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong.
    public enum Code: String, Sendable, CaseIterable {
        /// OpenSSL failed for a reason that lies outside the input (memory, random source, provider).
        case library
        /// Not the format it should be.
        case malformed
        /// Longer than a limit of ``PKILimits``.
        case tooLarge
        /// A value given by the caller cannot go into a certificate or a signed message.
        case invalidValue
        /// Not a key on the named curve P-256, or its point does not lie on that curve.
        case unsupportedKey
        /// Key and certificate do not belong together.
        case keyMismatch
        /// A signature does not verify.
        case invalidSignature

        // Certificates
        /// No certificate at all, or a longer chain than is taken.
        case chainLength
        /// The same certificate twice in one chain.
        case duplicateCertificate
        /// No way leads from the certificate to a trust anchor.
        case untrusted
        /// The station's certificate is signed with its own key.
        case selfSigned
        case expired
        case notYetValid
        /// A CA's certificate shown as a station's.
        case certificateAuthority
        /// Extended key usage does not name client authentication.
        case noClientAuthentication
        /// Extended key usage "any" says nothing about the purpose.
        case anyExtendedKeyUsage
        /// Key usage is there and does not allow what is asked for.
        case keyUsage
        /// Not version 3 (RFC 5280 §4.1.2.1).
        case version
        /// Serial number not positive, or longer than 20 octets (RFC 5280 §4.1.2.2).
        case serialNumber
        /// No id-on-xmppAddr in the subject alternative name (RFC 6120 §13.7.1.4).
        case noXMPPAddress
        /// More than one id-on-xmppAddr: which of them is the station?
        case severalXMPPAddresses
        /// Any other breach of RFC 5280 that OpenSSL found; the sentence says which.
        case profile

        // Envelopes
        /// Nobody signed in the role asked for.
        case noSignature
        /// Signed, but with a key that does not hold the role.
        case unknownKey
        /// Too few different keys signed.
        case threshold
    }

    /// To switch on.
    public let code: Code
    /// To read; holds no secret.
    public let sentence: String

    public init(_ code: Code, _ sentence: String) {
        self.code = code
        self.sentence = sentence
    }

    public var description: String { "\(code.rawValue): \(sentence)" }

    /// Adds what OpenSSL has to say, and empties its error queue.
    static func openSSL(_ code: Code, _ sentence: String) -> PKIError {
        var reasons: [String] = []
        while reasons.count < 8 {
            let error = ERR_get_error()
            guard error != 0 else { break }
            reasons.append(ERR_reason_error_string(error).map { String(cString: $0) } ?? "error \(error)")
        }
        ERR_clear_error()
        return PKIError(code, reasons.isEmpty ? sentence : sentence + " (" + reasons.joined(separator: "; ") + ")")
    }
}

/// Errors of certificates are ``PKIError``s.
public typealias CertificateError = PKIError
/// Errors of envelopes are ``PKIError``s.
public typealias EnvelopeError = PKIError

/// How much this module takes, so that no input costs more than it is worth.
public enum PKILimits {
    /// Octets of one certificate; ours have 600, those with a post-quantum key would not be P-256 anyway.
    public static let certificateBytes = 16_384
    /// Octets of one certificate signing request; ours have 250.
    public static let requestBytes = 16_384
    /// Octets of a PEM text; the system's whole list of roots has 220,000.
    public static let pemBytes = 1_048_576
    /// Certificates in a chain, the station's own and the trust anchor included.
    public static let chainLength = 4
    /// Signatures on one envelope.
    public static let envelopeSignatures = 16
    /// Octets of a challenge message: two JIDs of 2,047 octets at most, and some 250 more.
    public static let challengeBytes = 8_192
    /// Octets of entropy mixed in at once.
    public static let entropyBytes = 1_048_576
    /// Characters of a common name and of a serial number in a name (X.520 ub-common-name, ub-serial-number).
    public static let nameCharacters = 64
    /// The latest time of RFC 5280 §4.1.2.5, "99991231235959Z", in seconds since 1970.
    public static let latestTime: Int64 = 253_402_300_799
}
