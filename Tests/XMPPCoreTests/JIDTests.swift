// SPDX-License-Identifier: Apache-2.0

import Testing
import XMPPCore

@Suite struct JIDTests {
    @Test("Every valid example of RFC 7622 §3.5 is an address with these parts", arguments: [
        ("juliet@example.com", "juliet", "example.com", nil),
        ("juliet@example.com/foo", "juliet", "example.com", "foo"),
        ("juliet@example.com/foo bar", "juliet", "example.com", "foo bar"),
        ("juliet@example.com/foo@bar", "juliet", "example.com", "foo@bar"),
        ("foo\\20bar@example.com", "foo\\20bar", "example.com", nil),
        ("fussball@example.com", "fussball", "example.com", nil),
        ("fu\u{DF}ball@example.com", "fu\u{DF}ball", "example.com", nil),
        ("\u{3C0}@example.com", "\u{3C0}", "example.com", nil),
        ("\u{3A3}@example.com/foo", "\u{3C3}", "example.com", "foo"),
        ("\u{3C3}@example.com/foo", "\u{3C3}", "example.com", "foo"),
        ("\u{3C2}@example.com/foo", "\u{3C2}", "example.com", "foo"),
        ("king@example.com/\u{265A}", "king", "example.com", "\u{265A}"),
        ("example.com", nil, "example.com", nil),
        ("example.com/foobar", nil, "example.com", "foobar"),
        ("a.example.com/b@example.net", nil, "a.example.com", "b@example.net"),
        // Listed as invalid, against its own rules: OpaqueString allows spaces anywhere.
        ("juliet@example.com/ foo", "juliet", "example.com", " foo"),
    ] as [(String, String?, String, String?)])
    func validExamples(_ text: String, _ local: String?, _ domain: String, _ resource: String?) throws {
        let jid = try JID(text)
        #expect(jid.localpart == local)
        #expect(jid.domain == domain)
        #expect(jid.resource == resource)
        #expect(try JID(localpart: local, domain: domain, resource: resource) == jid)
        #expect(try JID(jid.description) == jid)
    }

    @Test("Preparation maps case and width, composes, and takes the final dot away", arguments: [
        ("Juliet@EXAMPLE.Com/Balcony", "juliet@example.com/Balcony"),
        ("WX-7@Stations.Example.Org", "wx-7@stations.example.org"),
        ("example.com.", "example.com"),
        ("a@A.Example.nEt./R", "a@a.example.net/R"),
        ("\u{FF2A}uliet@example.com", "juliet@example.com"),
        ("\u{FF76}\u{FF9E}@example.com", "\u{30AC}@example.com"),
        ("e\u{301}@example.com", "\u{E9}@example.com"),
        ("\u{C9}@example.com", "\u{E9}@example.com"),
        ("a@B\u{DC}CHER.example", "a@b\u{FC}cher.example"),
        ("a@xn--bcher-kva.example", "a@b\u{FC}cher.example"),
        ("a@XN--BCHER-KVA.example", "a@b\u{FC}cher.example"),
        // A letter that makes one character with what follows it, be that the dot.
        ("a@b\u{D4E}.example", "a@b\u{D4E}.example"),
        ("a@xn--fiqs8s.example", "a@\u{4E2D}\u{56FD}.example"),
        ("a@example\u{FF0E}com", "a@example.com"),
        ("a@b.c/no\u{A0}break", "a@b.c/no break"),
        ("a@b.c/e\u{301}", "a@b.c/\u{E9}"),
        ("a@b.c/\u{FF21}", "a@b.c/\u{FF21}"),
        ("A@127.0.0.1", "a@127.0.0.1"),
        ("a@[::1]", "a@[::1]"),
        ("a@[2001:DB8::1]/r", "a@[2001:db8::1]/r"),
        ("a@[::ffff:192.0.2.1]", "a@[::ffff:192.0.2.1]"),
        ("a@my_host.example", "a@my_host.example"),
        ("a/b", "a/b"),
        ("a@b//c", "a@b//c"),
        ("Col\u{B7}la@example.com", "col\u{B7}la@example.com"),
        ("\u{5D0}\u{5D1}1@example.com", "\u{5D0}\u{5D1}1@example.com"),
        ("\u{0915}\u{094D}\u{200D}\u{0937}@example.com", "\u{0915}\u{094D}\u{200D}\u{0937}@example.com"),
    ])
    func prepared(_ text: String, _ expected: String) throws {
        let jid = try JID(text)
        #expect(Array(jid.description.unicodeScalars) == Array(expected.unicodeScalars))
        #expect(try JID(expected) == jid, "preparing twice must be preparing once")
    }

    @Test("What is not an address is refused for its own reason", arguments: [
        ("\"juliet\"@example.com", .notAllowed(.localpart, codePoint: 0x22)),
        ("foo bar@example.com", .notAllowed(.localpart, codePoint: 0x20)),
        ("@example.com/", .empty(.localpart)),
        ("henry\u{2163}@example.com", .notAllowed(.localpart, codePoint: 0x2163)),
        ("\u{265A}@example.com", .notAllowed(.localpart, codePoint: 0x265A)),
        ("\u{FB01}n@example.com", .notAllowed(.localpart, codePoint: 0xFB01)),
        ("a@\u{17F}.example", .notAllowed(.domainpart, codePoint: 0x17F)),
        ("juliet@", .empty(.domainpart)),
        ("/foobar", .empty(.domainpart)),
        ("", .empty(.domainpart)),
        (".", .empty(.domainpart)),
        ("@example.com", .empty(.localpart)),
        ("a@b.c/", .empty(.resourcepart)),
        ("a@b@c", .notAllowed(.domainpart, codePoint: 0x40)),
        ("a&b@c", .notAllowed(.localpart, codePoint: 0x26)),
        ("a'b@c", .notAllowed(.localpart, codePoint: 0x27)),
        ("a:b@c", .notAllowed(.localpart, codePoint: 0x3A)),
        ("a<b@c", .notAllowed(.localpart, codePoint: 0x3C)),
        ("a>b@c", .notAllowed(.localpart, codePoint: 0x3E)),
        ("a\u{FF20}b@c", .notAllowed(.localpart, codePoint: 0x40)),
        ("a\u{3000}b@c", .notAllowed(.localpart, codePoint: 0x20)),
        ("a\u{AD}b@c", .notAllowed(.localpart, codePoint: 0xAD)),
        ("a\u{200D}b@c", .notAllowed(.localpart, codePoint: 0x200D)),
        ("co\u{B7}lla@c", .notAllowed(.localpart, codePoint: 0xB7)),
        ("a\u{640}@c", .notAllowed(.localpart, codePoint: 0x640)),
        ("\u{661}\u{6F1}@c", .notAllowed(.localpart, codePoint: 0x661)),
        ("\u{1100}@c", .notAllowed(.localpart, codePoint: 0x1100)),
        ("\u{10FFFF}@c", .notAllowed(.localpart, codePoint: 0x10FFFF)),
        ("\u{378}@c", .notAllowed(.localpart, codePoint: 0x378)),
        ("a\u{5D0}@c", .mixedDirections(.localpart)),
        ("\u{5D0}a@c", .mixedDirections(.localpart)),
        ("a\u{7F}@c", .notAllowed(.localpart, codePoint: 0x7F)),
        ("a@b.c/x\u{0}", .notAllowed(.resourcepart, codePoint: 0)),
        ("a@b.c/x\u{7F}", .notAllowed(.resourcepart, codePoint: 0x7F)),
        ("a@b.c/x\u{FE0F}", .notAllowed(.resourcepart, codePoint: 0xFE0F)),
        ("a@b.c/\u{E000}", .notAllowed(.resourcepart, codePoint: 0xE000)),
        ("a@-b.c", .malformedDomain),
        ("a@b-.c", .malformedDomain),
        ("a@b..c", .malformedDomain),
        ("a@.c", .malformedDomain),
        ("a@b c", .notAllowed(.domainpart, codePoint: 0x20)),
        ("a@b:5222", .notAllowed(.domainpart, codePoint: 0x3A)),
        ("a@\u{265A}.c", .notAllowed(.domainpart, codePoint: 0x265A)),
        ("a@\u{301}b.c", .notAllowed(.domainpart, codePoint: 0x301)),
        ("a@xn--\u{FC}.c", .malformedDomain),
        ("a@xn--.c", .malformedDomain),
        ("a@xn--abc-.c", .malformedDomain),
        ("a@xn--99999999.c", .malformedDomain),
        // A hyphen at the beginning, seen only once the label is decoded.
        ("a@xn---bcher-kva.example", .malformedDomain),
        ("a@[::1", .malformedDomain),
        ("a@[1::2::3]", .malformedDomain),
        ("a@[1:2:3:4:5:6:7]", .malformedDomain),
        ("a@[1:2:3:4:5:6:7:8:9]", .malformedDomain),
        ("a@[::1%eth0]", .malformedDomain),
        ("a@[1:2:3:4::5:6:7:8]", .malformedDomain),
        ("a@[::300.1.1.1]", .malformedDomain),
        ("a@[12345::]", .malformedDomain),
        ("a@[]", .malformedDomain),
    ] as [(String, JIDError)])
    func refused(_ text: String, _ expected: JIDError) {
        #expect(throws: expected) { try JID(text) }
    }

    @Test("A part of 1023 bytes is accepted and one of 1024 refused", arguments: ["x", "\u{E9}"])
    func limits(_ letter: String) throws {
        let size = letter.utf8.count
        let longest = String(repeating: letter, count: 1023 / size) + (1023 % size == 0 ? "" : "x")
        #expect(try JID("\(longest)@b.c").localpart == longest)
        #expect(try JID("a@b.c/\(longest)").resource == longest)
        #expect(throws: JIDError.tooLong(.localpart)) { try JID("\(longest)x@b.c") }
        #expect(throws: JIDError.tooLong(.resourcepart)) { try JID("a@b.c/\(longest)x") }
        let label = String(repeating: "d", count: 63)
        let domain = Array(repeating: label, count: 15).joined(separator: ".") + "." + label
        #expect(domain.utf8.count == 1023)
        #expect(try JID(domain).domain == domain)
        #expect(try JID("\(longest)@\(domain)/\(longest)").resource == longest)
        #expect(throws: JIDError.tooLong(.domainpart)) { try JID("\(domain).e") }
        #expect(throws: JIDError.malformedDomain) { try JID("\(label)d.e") }
        #expect(throws: JIDError.self) { try JID(String(repeating: "x", count: 100_000)) }
    }

    @Test("Bytes that are not UTF-8 are no address, in whichever part they stand", arguments: [
        ([0xF8], .notAllowed(.domainpart, codePoint: 0xFFFD)), (Array("a@b".utf8) + [0xC3], .notAllowed(.domainpart, codePoint: 0xFFFD)),
        ([0xED, 0xA0, 0x80] + Array("@b".utf8), .notAllowed(.localpart, codePoint: 0xFFFD)),
        (Array("a@b/".utf8) + [0xC0, 0x80], .notAllowed(.resourcepart, codePoint: 0xFFFD)),
    ] as [([UInt8], JIDError)])
    func notUTF8(_ bytes: [UInt8], _ expected: JIDError) {
        #expect(throws: expected) { try bytes.withUnsafeBufferPointer { (buffer) throws(JIDError) in try JID(utf8: buffer) } }
    }

    @Test("Addresses that mean the same are equal, others are not", arguments: [
        ("Juliet@Example.com", "juliet@example.com", true),
        ("juliet@example.com/A", "juliet@example.com/a", false),
        ("fussball@example.com", "fu\u{DF}ball@example.com", false),
        ("\u{3A3}@example.com", "\u{3C3}@example.com", true),
        ("\u{3C3}@example.com", "\u{3C2}@example.com", false),
        ("a@b/c", "a@b", false),
        ("b", "a@b", false),
        ("b/a", "a@b", false),
        ("e\u{301}@b", "\u{E9}@b", true),
        ("a@xn--bcher-kva.example", "a@b\u{FC}cher.example", true),
    ])
    func equality(_ left: String, _ right: String, _ same: Bool) throws {
        #expect(try (JID(left) == JID(right)) == same)
        #expect(try (JID(left).hashValue == JID(right).hashValue) == same)
    }

    @Test("Bare, domain and resource are cut and compared without touching the rest")
    func cutting() throws {
        let jid = try JID("wx-7@stations.example/agent/1")
        #expect(jid.bare.description == "wx-7@stations.example")
        #expect(jid.bare.isBare && !jid.isBare && !jid.isDomain)
        #expect(try jid.with(resource: "b").description == "wx-7@stations.example/b")
        #expect(try jid.bare.with(resource: "b").resource == "b")
        #expect(try jid.with(resource: nil) == jid.bare)
        #expect(throws: JIDError.empty(.resourcepart)) { try jid.with(resource: "") }
        #expect(jid.hasSameBare(as: jid.bare))
        #expect(try !jid.hasSameBare(as: JID("wx-8@stations.example")))
        #expect(try !JID("ab@c.d").hasSameBare(as: JID("a.b@c")))
        #expect(try jid.hasSameDomain(as: JID("stations.example/x")))
        #expect(try !jid.hasSameDomain(as: JID("x.stations.example")))
        #expect(jid.isInDomain("stations.example") && !jid.isInDomain("example"))
        #expect(try JID("stations.example").isDomain)
        #expect(try !JID("stations.example/r").isDomain)
    }

    @Test("The fast path and the long way agree on every short text of ASCII")
    func fastPathAgrees() throws {
        var generator = SeededGenerator(seed: 7622)
        let alphabet = Array("aA1@@//..-_:\" xn~&".unicodeScalars)
        for _ in 0..<20_000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...9, using: &generator) {
                text.append(alphabet.randomElement(using: &generator) ?? "a")
            }
            let ascii = String(text)
            // A joiner behind a virama in the resource forces the long way and changes nothing else.
            let long = ascii.contains("/") ? ascii + "\u{94D}\u{200D}" : ascii + "/\u{94D}\u{200D}"
            let short = ascii.contains("/") ? ascii + "z" : ascii + "/z"
            let left = try? JID(short)
            let right = try? JID(long)
            #expect(left?.bare == right?.bare, "\(ascii)")
        }
    }
}
