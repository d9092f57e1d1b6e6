// SPDX-License-Identifier: Apache-2.0

/// A document that a feature implements; the DOAP file is made of them.
public struct Specification: Hashable, Sendable, Comparable {
    /// Who published the document.
    public enum Series: String, Hashable, Sendable {
        /// An RFC of the IETF.
        case rfc
        /// An extension protocol of the XMPP Standards Foundation.
        case xep
    }

    /// Who published the document.
    public let series: Series
    /// The number of the document, such as 199 or 6120.
    public let number: Int
    /// The version of the document that was followed; empty for an RFC.
    public let version: String
    /// What is left out or done otherwise; empty when nothing is.
    public let note: String

    /// An extension protocol, with the version that was followed.
    public static func xep(_ number: Int, _ version: String, _ note: String = "") -> Specification {
        Specification(series: .xep, number: number, version: version, note: note)
    }

    /// An RFC.
    public static func rfc(_ number: Int) -> Specification {
        Specification(series: .rfc, number: number, version: "", note: "")
    }

    /// RFCs first, then extension protocols, each by number.
    public static func < (left: Specification, right: Specification) -> Bool {
        let leftKey = (left.series.rawValue, left.number, left.version, left.note)
        let rightKey = (right.series.rawValue, right.number, right.version, right.note)
        return leftKey < rightKey
    }
}
