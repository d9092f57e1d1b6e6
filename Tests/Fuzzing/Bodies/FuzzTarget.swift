// SPDX-License-Identifier: Apache-2.0

/// What is fuzzed. Each takes any bytes, and says what is wrong with how they were taken; nil if nothing is.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// A stream: with quotes rewritten and without, whole and cut, with stanzas skipped, and written again.
    case xml
    /// A JSON text: read, walked, written and read again.
    case json
    /// A stream in JSON (XEP-0295): whole and cut, against the reader of JSON texts, and written again.
    case jsonstream
    /// An address: prepared twice is prepared once.
    case jid
    /// A whole stanza in a stanza (XEP-0295): answered at most once, from us, and never for ever.
    case stanza
    /// The text of a payload of each kind: what is taken is written and taken again.
    case payload
    /// A SenML pack: what is resolved resolves to itself.
    case senml

    /// Looks at one input.
    public func run(_ bytes: [UInt8]) -> String? {
        switch self {
        case .xml: XMLBody.run(bytes)
        case .json: JSONBody.run(bytes)
        case .jsonstream: JSONStreamBody.run(bytes)
        case .jid: JIDBody.run(bytes)
        case .stanza: StanzaBody.run(bytes)
        case .payload: PayloadBody.run(bytes)
        case .senml: SenMLBody.run(bytes)
        }
    }

    /// Inputs to begin with.
    public var seeds: [[UInt8]] {
        switch self {
        case .xml: XMLBody.seeds
        case .json: JSONBody.seeds
        case .jsonstream: JSONStreamBody.seeds
        case .jid: JIDBody.seeds
        case .stanza: StanzaBody.seeds
        case .payload: PayloadBody.seeds
        case .senml: SenMLBody.seeds
        }
    }
}
