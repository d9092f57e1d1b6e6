// SPDX-License-Identifier: Apache-2.0

/// How much room a report takes in a stanza.
///
/// A report may be larger on its way out than it was on its way in: what came as `"` in a CDATA section or in another
/// stanza's JSON goes out with references. An item that no server passes on would hold up a feed for ever.
enum ItemSize {
    /// Bytes of the escaped text that an item may have: with names and envelope a stanza stays below 256 KiB.
    static let limit = 200 * 1024
    /// A text that is no longer than this fits whatever it holds: no character takes more than five times its room.
    static let alwaysFits = limit / 5

    /// Whether a stanza can hold the text.
    static func fits(_ body: [UInt8]) -> Bool { body.count <= alwaysFits || escaped(body) <= limit }

    /// Bytes of the text as it is written in XML.
    static func escaped(_ body: [UInt8]) -> Int {
        var count = body.count
        for byte in body {
            switch byte {
            case UInt8(ascii: "&"), 0x0D: count += 4
            case UInt8(ascii: "<"), UInt8(ascii: ">"): count += 3
            default: break
            }
        }
        return count
    }
}
