// SPDX-License-Identifier: Apache-2.0

import Foundation
import StationJSON
import StationProtocol
import Testing
import XMLStream
import XMPPCore

/// What holds for every kind of payload.
@Suite struct KindTests {
    @Test func `each kind has a name of its own, and a sentence`() {
        #expect(Set(Payload.names).count == Payload.names.count)
        for kind in Payload.registry {
            #expect(kind.summary.hasSuffix("."))
            #expect(kind.xmlName == XMLName(kind.name, "urn:stationmaster:1"))
            #expect(!kind.travels.isEmpty)
            #expect((kind.direction == .document) == (kind.travels == .document))
            #expect(Payload.kind(kind.name) == kind)
        }
    }

    @Test func `the schema files are those that the shapes make`() throws {
        let files = Payload.schemaFiles()
        if ProcessInfo.processInfo.environment["STATIONMASTER_REGENERATE"] == "1" {
            for (name, text) in files {
                try Data(text.utf8).write(to: SchemaFolder.root.appendingPathComponent(name))
            }
        }
        for (name, text) in files {
            let isSame = (try? SchemaFolder.text(name)) == text
            #expect(isSame, "Schemas/payloads/\(name) is out of date: run the tests with STATIONMASTER_REGENERATE=1")
        }
        let present = try FileManager.default.contentsOfDirectory(atPath: SchemaFolder.root.path)
        #expect(Set(present.filter { $0.hasSuffix(".json") }) == Set(files.keys))
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: SchemaFolder.root.appendingPathComponent("examples").path)
        #expect(Set(folders) == Set(Payload.names))
    }

    @Test(arguments: Payload.names)
    func `a kind has valid and invalid examples`(_ name: String) throws {
        let examples = try SchemaFolder.examples(of: name)
        #expect(examples.count { $0.name.hasPrefix("valid-") } >= 2)
        #expect(examples.count { $0.name.hasPrefix("invalid-") } >= 3)
        #expect(examples.allSatisfy { $0.name.hasPrefix("valid-") || $0.name.hasPrefix("invalid-") })
    }

    @Test(arguments: Payload.names)
    func `a valid example decodes, and encodes to the same value`(_ name: String) throws {
        let kind = try #require(Payload.kind(name))
        for example in try SchemaFolder.examples(of: name) where example.pointer == nil {
            try expectSame(kind, example)
        }
    }

    private func expectSame<Kind: PayloadKind>(_ kind: Kind.Type, _ example: SchemaFolder.Example) throws {
        let value = try Kind.decode(text: example.text)
        #expect(value.json.sorted == (try JSONDocument(example.text).root.json.sorted), "\(example.name)")
        #expect(try Kind(text: value.json.text) == value)

        var writer = XMLWriter(defaultNamespace: Namespaces.client)
        writer.write(value.element)
        let element = try parseFragment(writer.take(), defaultNamespace: Namespaces.client)
        #expect(element.isNamed(Kind.xmlName))
        #expect(try Kind.decode(element) == value)
    }

    @Test(arguments: Payload.names)
    func `an invalid example is refused with the stated pointer`(_ name: String) throws {
        let kind = try #require(Payload.kind(name))
        for example in try SchemaFolder.examples(of: name) {
            guard let pointer = example.pointer else { continue }
            let error = #expect(throws: JSONError.self, "\(example.name)") { _ = try kind.decode(text: example.text) }
            #expect(error?.pointer == pointer, "\(example.name): \(error.map(String.init(describing:)) ?? "")")
        }
    }

    @Test(arguments: Payload.names)
    func `the answer to an invalid payload names the pointer`(_ name: String) throws {
        let kind = try #require(Payload.kind(name))
        for example in try SchemaFolder.examples(of: name) {
            guard let pointer = example.pointer else { continue }
            var writer = XMLWriter(defaultNamespace: Namespaces.client)
            writer.write(Payload.element(kind.xmlName, text: try JSONDocument(example.text).root.json.text))
            let element = try parseFragment(writer.take(), defaultNamespace: Namespaces.client)
            let error = #expect(throws: StanzaError.self, "\(example.name)") { _ = try kind.decode(element) }
            #expect(error?.condition == .badRequest)
            #expect(error?.text.hasSuffix(pointer.isEmpty ? "at the root" : "at \(pointer)") == true, "\(error?.text ?? "")")
        }
    }
}
