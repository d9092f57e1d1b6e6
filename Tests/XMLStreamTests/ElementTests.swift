// SPDX-License-Identifier: Apache-2.0
import Testing
import XMLStream

@Suite("Elements")
struct ElementTests {
    func view(_ text: String) throws -> XMLElement { try parseFragment(Array(text.utf8), defaultNamespace: "jabber:client") }

    @Test("A view tells names, attributes and text without copies")
    func view() throws {
        let iq = try view(
            "<iq type='set' id='' xml:lang='en' xmlns:p='urn:p' p:type='other'>a<x xmlns='urn:x'>inner</x>b<y/>c</iq>")
        #expect(iq.isNamed(XMLName("iq", "jabber:client")))
        #expect(!iq.isNamed(XMLName("iq", "")))
        #expect(!iq.isNamed(XMLName("i", "jabber:client")))
        #expect(!iq.isNamed(XMLName("iqs", "jabber:client")))
        #expect(iq.localName == "iq")
        #expect(iq.namespace == "jabber:client")
        #expect(iq.attribute("type") == "set")
        #expect(iq.attribute("id") == "")
        #expect(iq.attribute("xml:lang") == "en")
        #expect(iq.attribute("lang") == nil)
        #expect(iq.attribute("missing") == nil)
        #expect(iq.attribute(XMLName("type", "urn:p")) == "other")
        #expect(iq.attribute(XMLName("lang", "http://www.w3.org/XML/1998/namespace")) == "en")
        #expect(iq.attribute(XMLName("type", "")) == "set")
        #expect(iq.withAttribute("type") { Array($0) } == Array("set".utf8))
        #expect(iq.withAttribute("id") { $0.count } == 0)
        #expect(iq.withAttribute("none") { $0.count } == nil)
        #expect(iq.text == "abc")
        #expect(iq.children.map(\.localName) == ["x", "y"])
        #expect(iq.firstChild?.namespace == "urn:x")
        #expect(iq.firstChild(XMLName("y", "jabber:client"))?.text == "")
        #expect(iq.firstChild(XMLName("y", "urn:x")) == nil)
        #expect(iq.firstChild?.withText { Array($0) } == Array("inner".utf8))
        #expect(iq.firstChild?.firstChild == nil)
    }

    @Test("Owned elements are built, changed and searched")
    func owned() {
        var element = Element(XMLName("a", "u"), ["b": "1", "c": nil], [.text("x"), .element(Element(XMLName("d", "u"))), .text("y")])
        #expect(element["b"] == "1")
        #expect(element["c"] == nil)
        #expect(element.text == "xy")
        element["c"] = "2"
        element["b"] = nil
        element["c"] = "3"
        element["e"] = nil
        element.append(Element(XMLName("e", "v"), text: ""))
        #expect(element.attributes == [.init(name: "c", value: "3")])
        #expect(element.firstChild(XMLName("e", "v"))?.children.isEmpty == true)
        #expect(element.elements.count == 2)
        #expect(element.description == "<a xmlns='u' c='3'>x<d/>y<e xmlns='v'/></a>")
    }

    @Test("A fragment is exactly one element")
    func fragments() throws {
        #expect(try view(" \n<iq type='get'/>\r").element == Element(XMLName("iq", "jabber:client"), ["type": "get"]))
        #expect(try view("<iq xmlns='urn:a'/>").namespace == "urn:a")
        #expect(try parseFragment(Array("<a/>".utf8), defaultNamespace: "").name == XMLName("a", ""))
        #expect(try parseFragment(Array("<a/>".utf8), defaultNamespace: "&'<").namespace == "&'<")
    }

    @Test(
        "A fragment that is not one element is refused",
        arguments: [
            "", " ", "<a/><b/>", "<a>", "<a/>x", "x<a/>", "</fragment>", "<a/></fragment>", "<a/></fragment><fragment>",
            "</fragment><fragment><a/>", "<a/><", "<?xml version='1.0'?><a/>", "<!-- --><a/>", "<a/><b", "&lt;a/>",
            "<!DOCTYPE a><a/>",
        ])
    func notAFragment(text: String) {
        #expect(throws: XMLStreamError.self) { try view(text) }
    }

    @Test("A fragment has the limits of a stream")
    func fragmentLimits() throws {
        var limits = XMLLimits()
        limits.stanzaBytes = 100
        let text = "<a>" + String(repeating: "x", count: 93) + "</a>"
        #expect(try parseFragment(Array(text.utf8), defaultNamespace: "u", limits: limits).text.count == 93)
        #expect(throws: XMLStreamError.tooLarge(.stanzaBytes)) {
            try parseFragment(Array((" " + text + "<b>" + text).utf8), defaultNamespace: "u", limits: limits)
        }
    }
}
