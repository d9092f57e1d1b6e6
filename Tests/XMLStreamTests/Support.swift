// SPDX-License-Identifier: Apache-2.0
import XMLStream

/// A generator that repeats itself for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// What a parser made of some bytes, in full.
struct Outcome: Equatable, CustomStringConvertible {
    var header: StreamHeader?
    var stanzas: [Element] = []
    var isClosed = false
    var failure: XMLStreamError?

    var description: String {
        "header: \(header?.name.description ?? "none"), stanzas: \(stanzas), closed: \(isClosed), failure: \(String(describing: failure))"
    }

    /// Feeds the pieces one after the other until one is refused.
    init(_ pieces: some Sequence<[UInt8]>, parser: XMLStreamParser = XMLStreamParser()) {
        for piece in pieces {
            do throws(XMLStreamError) {
                for event in try parser.feed(piece) {
                    switch event {
                    case .opened(let opened): header = opened
                    case .stanzas(let batch): stanzas += batch.map(\.element)
                    case .closed: isClosed = true
                    }
                }
            } catch {
                failure = error
                return
            }
            if let reason = parser.failure {
                failure = reason
                return
            }
        }
    }

    init(_ text: String, limits: XMLLimits = .init()) {
        self.init([Array(text.utf8)], parser: XMLStreamParser(limits: limits))
    }
}

extension XMLStreamError {
    /// The kind of error, without the place.
    var kind: String {
        switch self {
        case .notWellFormed: "notWellFormed"
        default: description
        }
    }
}

/// Realistic traffic.
enum Sample {
    static let header =
        "<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' "
        + "xmlns='jabber:component:accept' xmlns:db='jabber:server:dialback' id='s-1' from='stations.capulet.example' "
        + "xml:lang='en'>"

    static let stanzas: [String] = [
        "<handshake/>",
        "<iq type='get' id='d1' from='romeo@montague.example/orchard' to='stations.capulet.example'>"
            + "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
        "<iq type='set' id='r1' from='wx-7@capulet.example/agent' to='stations.capulet.example'>"
            + "<report xmlns='urn:stationmaster:1'><json xmlns='urn:xmpp:json:0'>"
            + "{&quot;seq&quot;:4711,&quot;records&quot;:[{&quot;n&quot;:&quot;temperature&quot;,&quot;v&quot;:21.5}]}"
            + "</json></report></iq>",
        "<presence from='wx-7@capulet.example/agent' to='stations.capulet.example'><show>away</show>"
            + "<status xml:lang='de'>21,5 °C – schön ☀️</status><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' ver='a+b/c='/></presence>",
        "<message type='error' from='nws.example' id='e1'><body>a &lt; b &amp;&amp; c &gt; d</body>"
            + "<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
        "<db:result from='a.example' to='b.example' type='valid'>key</db:result>",
        "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
        "<message from=\"a@b.example/&quot;x&quot;\" to='c@d.example'><body><![CDATA[<raw> & ]] unescaped]]></body>"
            + "<html xmlns='http://jabber.org/protocol/xhtml-im'><body xmlns='http://www.w3.org/1999/xhtml'>one <b>two</b> three</body></html></message>",
        "<iq\n  type='result'\tid='&#65;&#x42;&#10;c'  to='x.example' ><x:query xmlns:x='urn:x' x:flag='1' flag='2'><x:item/></x:query></iq >",
        "<iq type='result' id='p1'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='stations/wx-7'>"
            + "<item id='1'><e xmlns=''>none</e></item><item id='2'/></items></pubsub></iq>",
        "<message><body>line one\r\nline two\rline three\ttab</body><no-store xmlns='urn:xmpp:hints'/></message>",
        "<iq type='set' id='f1'><command xmlns='http://jabber.org/protocol/commands' node='n' action='execute'>"
            + "<x xmlns='jabber:x:data' type='submit'><field var='a'><value>1 ]]&gt; 2</value></field></x></command></iq>",
        "<message to='\u{65E5}\u{672C}@example'><body>\u{1F327} \u{10FFFD} \u{E000}</body></message>",
    ]

    static let whole = header + stanzas.joined() + "</stream:stream>"

    /// The same stanzas with a line break in their first tag: none is plain, so all reach expat.
    static let forExpat = stanzas.map { stanza in
        let end = stanza.firstIndex { " />".contains($0) } ?? stanza.endIndex
        return String(stanza[..<end] + "\n" + stanza[end...])
    }
}

/// Cuts bytes at random places.
func cut(_ bytes: [UInt8], longest: Int, using generator: inout SeededGenerator) -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty {
        let length = min(rest.count, Int.random(in: 0...longest, using: &generator))
        pieces.append(Array(rest.prefix(length)))
        rest = rest.dropFirst(length)
    }
    return pieces
}
