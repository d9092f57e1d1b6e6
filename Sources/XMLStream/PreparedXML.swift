// SPDX-License-Identifier: Apache-2.0

/// Whole elements and character data as bytes, made once by an `XMLWriter` and copied many times.
public struct PreparedXML: Sendable, Hashable {
    /// The bytes, well-formed by construction.
    public let bytes: [UInt8]
    /// The default namespace that the bytes were written for.
    public let defaultNamespace: String
    /// Whether an element in it carries no `xmlns`, so that it means the same only within that namespace.
    let needsDefaultNamespace: Bool

    /// How many bytes.
    public var count: Int { bytes.count }
}

/// The tags of one element, made once by an `XMLWriter`: the envelope of many copies of one content.
public struct PreparedHead: Sendable {
    /// One object, so that passing a head on counts one reference.
    final class Envelope: Sendable {
        /// Such as `<message to='…'>`.
        let startTag: [UInt8]
        /// Such as `</message>`.
        let endTag: [UInt8]
        /// The default namespace that it was written for.
        let outerNamespace: String
        /// The default namespace inside.
        let innerNamespace: String
        /// Whether it carries no `xmlns`.
        let needsDefaultNamespace: Bool

        init(
            startTag: [UInt8], endTag: [UInt8], outerNamespace: String, innerNamespace: String,
            needsDefaultNamespace: Bool
        ) {
            self.startTag = startTag
            self.endTag = endTag
            self.outerNamespace = outerNamespace
            self.innerNamespace = innerNamespace
            self.needsDefaultNamespace = needsDefaultNamespace
        }
    }

    let envelope: Envelope

    /// How many bytes the element takes around its content.
    public var count: Int { envelope.startTag.count &+ envelope.endTag.count }
}
