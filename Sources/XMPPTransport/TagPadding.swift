// SPDX-License-Identifier: Apache-2.0

/// How much white space has to follow what was written, so that the peer's parser delivers all of it now.
///
/// An expat that defers reparsing (Prosody's and ejabberd's) puts a tag aside that two reads in a row left incomplete,
/// until it holds twice the bytes that it had then. Where a server cuts is its own affair: it depends on the size of its
/// reads and on the packets. At worst all but one byte of the tag was there, so a tag is safe as soon as no fewer bytes
/// than it has itself follow it. One long tag (a peer chooses the id that an answer repeats) would hold up all that is
/// sent after it. A value.
struct TagPadding: Sendable {
    /// Peers accept no longer tag.
    static let longestTag = 65_536

    /// Bytes that must follow yet.
    private(set) var owed = 0

    /// These bytes go out: whole stanzas.
    mutating func wrote(_ bytes: UnsafeRawBufferPointer) {
        owed = max(owed &- bytes.count, Self.owed(behind: bytes))
    }

    /// The white space that is due now.
    mutating func take() -> Int {
        defer { owed = 0 }
        return owed
    }

    /// Looks from the end for tags that are longer than what follows them. The further away, the longer such a tag
    /// is, so each look goes as far back as all before it together; most bytes are never touched.
    private static func owed(behind bytes: UnsafeRawBufferPointer) -> Int {
        let bytes = UnsafeRawBufferPointer(rebasing: bytes.suffix(2 &* longestTag))
        let count = bytes.count
        var owed = 0
        var end = count
        while end > 0, count &- end < longestTag &- owed {
            // A tag that matters is longer than this, so none ends between the first bracket in here and `end`.
            let start = max(0, end &- max(1, count &- end &+ owed))
            if let bracket = bytes[start..<end].firstIndex(of: UInt8(ascii: "<")) {
                end = bracket
            } else if let bracket = bytes[..<start].lastIndex(of: UInt8(ascii: "<")) {
                let close = bytes[bracket..<end].firstIndex(of: UInt8(ascii: ">")) ?? end &- 1
                owed = max(owed, close &+ 1 &- bracket &- (count &- close &- 1))
                end = bracket
            } else {
                return owed
            }
        }
        return owed
    }
}
