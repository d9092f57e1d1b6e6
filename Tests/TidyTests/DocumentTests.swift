// SPDX-License-Identifier: Apache-2.0
import StationJSON
import StationProtocol
import Testing
import XMLStream
import XMPPCore

@Suite struct DocumentTests {
    private static let catalogue = "Sources/Stationmaster/Stationmaster.docc"

    /// The README and the articles of the catalogue.
    static let documents: [Project.File] =
        [Project.File(path: "README.md", lines: Project.lines(of: Project.text("README.md")))]
        + Project.files(below: catalogue, endings: [".md"])

    /// The fenced blocks of a document: language and lines.
    static func blocks(_ file: Project.File) -> [(language: String, lines: [String])] {
        var blocks: [(language: String, lines: [String])] = []
        var isInside = false
        for line in file.lines {
            if line.hasPrefix("```") {
                if !isInside { blocks.append((String(line.dropFirst(3)), [])) }
                isInside.toggle()
            } else if isInside {
                blocks[blocks.count - 1].lines.append(line)
            }
        }
        return blocks
    }

    @Test func `The README's example is the one that compiles`() {
        let example = Project.text("Tests/TidyTests/EmbeddingExample.swift")
        let shown = Self.documents.first.map(Self.blocks)?.filter { $0.language == "swift" } ?? []
        #expect(shown.count == 1)
        let text = (["// SPDX-License-Identifier: Apache-2.0"] + (shown.first?.lines ?? [])).joined(separator: "\n") + "\n"
        let isSame = example == text
        #expect(isSame, "README.md and Tests/TidyTests/EmbeddingExample.swift differ")
    }

    @Test(arguments: documents)
    func `A document names only files that there are`(_ document: Project.File) {
        for line in document.lines {
            for word in line.split(whereSeparator: { " `()<>,;\"'|".contains($0) }) {
                let path = String(word).trimmingSuffix(while: { ".:".contains($0) })
                guard ["Config/", "Schemas/", "Sources/", "Tests/"].contains(where: { path.hasPrefix($0) }) else { continue }
                #expect(Project.exists(path), "\(document): \(path)")
            }
        }
    }

    /// Names of commands and subcommands, as the two programs declare them.
    private static func commands(of target: String) -> Set<String> {
        var names: Set<String> = []
        for file in Project.sources where file.target == target {
            for line in file.lines {
                if let range = line.firstRange(of: "commandName: \"") {
                    names.insert(String(line[range.upperBound...].prefix { $0 != "\"" }))
                } else if let range = line.firstRange(of: "struct "), line.contains("ParsableCommand") {
                    names.insert(line[range.upperBound...].prefix { $0 != ":" }.lowercased())
                }
            }
        }
        return names
    }

    @Test(arguments: documents)
    func `A document shows only commands that there are`(_ document: Project.File) {
        let programs = ["stationmaster": "stationmaster-command", "station": "station-command"]
        for block in Self.blocks(document) where block.language == "sh" {
            for line in block.lines {
                let words = line.split(separator: " ").map(String.init).drop { $0 == "sudo" || $0 == "-u" || $0 == "$" }
                guard let program = words.first, let target = programs[program], let command = words.dropFirst().first,
                    !command.hasPrefix("-")
                else { continue }
                #expect(Self.commands(of: target).contains(command), "\(document): \(line)")
            }
        }
    }

    static let wirePath = catalogue + "/WireProtocol.md"
    private static let wire = documents.first { $0.path == wirePath }

    @Test(arguments: Payload.registry.map { $0.name })
    func `Every kind of payload is described`(_ kind: String) throws {
        let lines = try #require(Self.wire).lines
        #expect(lines.contains { $0.contains("`\(kind)`") || $0.contains("<\(kind) ") })
    }

    @Test func `The examples of the wire protocol are well-formed and fit their shapes`() throws {
        var checked: Set<String> = []
        for found in try Self.wirePayloads() {
            guard let kind = Payload.kind(found.localName) else { continue }
            let document = try JSONContainer.json(in: found)
            #expect(throws: Never.self, "\(found.text)") { try kind.validator.validate(document.root) }
            checked.insert(kind.name)
        }
        let travelling = Payload.registry.filter { $0.travels != .document }.map { $0.name }
        #expect(Set(travelling).subtracting(checked).sorted() == [], "kinds without an example")
    }

    /// The payloads in all examples of `WireProtocol.md`, in their order.
    static func wirePayloads() throws -> [XMLElement] {
        let blocks = Self.blocks(try #require(wire)).filter { $0.language == "xml" }
        return try blocks.flatMap { block in
            payloads(in: try parsed(block.lines.map { $0.drop { $0 == " " } }.joined()))
        }
    }

    private static func parsed(_ text: String) throws -> XMLElement {
        try parseFragment(Array(text.utf8), defaultNamespace: Namespaces.client, limits: XMLLimits())
    }

    /// Elements of our namespace with a JSON text, also those inside a stanza that travels as JSON.
    private static func payloads(in element: XMLElement) -> [XMLElement] {
        var found: [XMLElement] = []
        for child in element.children { found += payloads(in: child) }
        guard element.namespace == Namespaces.stationmaster, element.firstChild(JSONContainer.name) != nil else { return found }
        if element.localName == JSONStanza.name.local,
            let text = (try? JSONContainer.json(in: element))?.root["s"]?.string, let inner = try? parsed(text)
        {
            return found + payloads(in: inner)
        }
        return found + [element]
    }
}

extension String {
    fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> String {
        var text = self
        while let last = text.last, isTrimmed(last) { text.removeLast() }
        return text
    }
}
