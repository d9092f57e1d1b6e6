// SPDX-License-Identifier: Apache-2.0

import StationJSON

/// The shapes that several kinds share, with their limits.
enum WireShapes {
    /// The largest integer that every JSON reader keeps exactly (RFC 7493 §2.2).
    static let largestInteger: Int64 = 9_007_199_254_740_991

    static let serial = JSONShape.string(.pattern(.serial))
    /// Model, hardware class, job, subscription.
    static let identifier = JSONShape.string(.pattern(.identifier))
    static let bareJID = JSONShape.string(.pattern(.bareJID))
    static let itemID = JSONShape.string(.pattern(.itemID))
    static let hash = JSONShape.string(.pattern(.hexSHA256))
    /// A version as people write it.
    static let version = JSONShape.string(.length(1...64))
    /// A sentence for people.
    static let sentence = JSONShape.string(.length(0...1024))
    /// UTC seconds up to the year 9999.
    static let time = JSONShape.number(0...253_402_300_799)
    /// A release sequence.
    static let sequence = JSONShape.integer(0...largestInteger)
    /// The count of a report.
    static let reportSequence = JSONShape.integer(1...largestInteger)

    /// An uncompressed point of P-256.
    static let point = bytes(65...65)
    /// r and s of ES256.
    static let signature = bytes(64...64)
    static let keyIdentifier = bytes(32...32)
    static let nonce = bytes(16...16)
    /// The text of a challenge: two JIDs of at most 3071 bytes and a few short lines.
    static let message = bytes(1...8192)
    /// A certificate or a request for one.
    static let der = bytes(1...8192)

    static func bytes(_ count: ClosedRange<Int>) -> JSONShape { .string(.pattern(.base64url(bytes: count))) }

    /// A chain, the leaf first.
    static func chain(_ count: ClosedRange<Int>) -> JSONShape { .array(der, count: count) }
}
