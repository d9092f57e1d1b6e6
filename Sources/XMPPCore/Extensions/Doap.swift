// SPDX-License-Identifier: Apache-2.0

/// The description of the project for the directory of XMPP software (XEP-0453: DOAP usage in XMPP).
public enum Doap {
    /// What the description says beside the documents.
    public struct Project: Hashable, Sendable {
        /// The name.
        public var name: String
        /// One line about it.
        public var summary: String
        /// The address of the home page; nil when there is none.
        public var homepage: String?

        /// A project.
        public init(name: String, summary: String, homepage: String? = nil) {
            self.name = name
            self.summary = summary
            self.homepage = homepage
        }

        /// This one.
        public static let stationmaster = Project(
            name: "Stationmaster",
            summary: "Device management for weather stations and other things, as an XMPP component")
    }

    /// The whole file: the same text for the same documents, in whichever order they come.
    public static func text(specifications: [Specification], project: Project = .stationmaster) -> String {
        var lines = [
            "<?xml version='1.0' encoding='UTF-8'?>",
            "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'",
            "         xmlns='http://usefulinc.com/ns/doap#'",
            "         xmlns:xmpp='https://linkmauve.fr/ns/xmpp-doap#'>",
            "  <Project>",
            "    <name>\(escaped(project.name))</name>",
            "    <shortdesc xml:lang='en'>\(escaped(project.summary))</shortdesc>",
        ]
        if let homepage = project.homepage { lines.append("    <homepage rdf:resource='\(escaped(homepage))'/>") }
        lines += [
            "    <programming-language>Swift</programming-language>",
            "    <os>Linux</os>",
            "    <license rdf:resource='https://www.apache.org/licenses/LICENSE-2.0'/>",
            "    <category rdf:resource='https://linkmauve.fr/ns/xmpp-doap#category-component'/>",
        ]
        for specification in Set(specifications).sorted() { lines += implements(specification) }
        lines += ["  </Project>", "</rdf:RDF>", ""]
        return lines.joined(separator: "\n")
    }

    private static func implements(_ specification: Specification) -> [String] {
        guard specification.series == .xep else {
            return ["    <implements rdf:resource='https://www.rfc-editor.org/info/rfc\(specification.number)'/>"]
        }
        let digits = String(specification.number)
        let number = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        var lines = [
            "    <implements>",
            "      <xmpp:SupportedXep>",
            "        <xmpp:xep rdf:resource='https://xmpp.org/extensions/xep-\(number).html'/>",
            "        <xmpp:status>\(specification.note.isEmpty ? "complete" : "partial")</xmpp:status>",
            "        <xmpp:version>\(escaped(specification.version))</xmpp:version>",
        ]
        if !specification.note.isEmpty {
            lines.append("        <xmpp:note xml:lang='en'>\(escaped(specification.note))</xmpp:note>")
        }
        return lines + ["      </xmpp:SupportedXep>", "    </implements>"]
    }

    /// The texts are our own; this keeps a `<` or an apostrophe in a note from breaking the file.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "'": result += "&apos;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
