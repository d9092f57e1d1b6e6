// SPDX-License-Identifier: Apache-2.0
import XMLStream

/// The start and end tags of a stream (RFC 6120 §4.7), as text.
public enum StreamOpening {
    /// The start tag.
    ///
    /// - Parameters:
    ///   - content: the namespace of the stanzas.
    ///   - to: the domain addressed.
    ///   - version: `1.0` for clients; nil for components, whose protocol is older.
    public static func tag(content: String, to: String, version: String? = nil) -> String {
        var writer = XMLWriter(defaultNamespace: content)
        writer.openStream(["to": to, "version": version])
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The end tag.
    public static let end = "</stream:stream>"
}
