// SPDX-License-Identifier: Apache-2.0

/// One value or member name on the tape.
struct Node {
    /// Offset of the first byte of the value (the quote of a string).
    var start: UInt32
    /// Offset after its last byte.
    var end: UInt32
    /// Index of the node after this value and all that is in it.
    var next: UInt32
    /// Kind in the low three bits, then the escape mark, then the number of items or members.
    var info: UInt32

    static let object: UInt32 = 0
    static let array: UInt32 = 1
    static let string: UInt32 = 2
    static let number: UInt32 = 3
    static let yes: UInt32 = 4
    static let no: UInt32 = 5
    static let null: UInt32 = 6
    /// The string holds at least one escape.
    static let escaped: UInt32 = 8
    static let countShift: UInt32 = 4

    @inline(__always) var kind: UInt32 { info & 7 }
    @inline(__always) var isEscaped: Bool { info & Node.escaped != 0 }
    @inline(__always) var count: Int { Int(info >> Node.countShift) }
}

/// The storage of one document: a padded copy of the text and the nodes found in it, in document order.
///
/// It is written by the scanner only, and only while nobody else holds it; afterwards it never changes.
final class JSONTape: @unchecked Sendable {
    /// Zero bytes after the text, so that the scanner may look ahead without asking for the end.
    static let padding = 16

    private(set) var bytes: UnsafeMutablePointer<UInt8>
    private var byteCapacity: Int
    var byteCount = 0

    private(set) var nodes: UnsafeMutablePointer<Node>
    private(set) var nodeCapacity: Int
    var nodeCount = 0

    init(bytes expected: Int) {
        byteCapacity = expected + Self.padding
        bytes = .allocate(capacity: byteCapacity)
        nodeCapacity = expected / 8 + 16
        nodes = .allocate(capacity: nodeCapacity)
    }

    deinit {
        bytes.deallocate()
        nodes.deallocate()
    }

    /// Takes a copy of a text and forgets the nodes.
    func fill(_ text: UnsafeBufferPointer<UInt8>) {
        if text.count + Self.padding > byteCapacity {
            bytes.deallocate()
            byteCapacity = text.count + Self.padding
            bytes = .allocate(capacity: byteCapacity)
        }
        if let base = text.baseAddress { bytes.update(from: base, count: text.count) }
        (bytes + text.count).update(repeating: 0, count: Self.padding)
        byteCount = text.count
        nodeCount = 0
    }

    /// Doubles the room for nodes, keeping the first `used`.
    @inline(never) func growNodes(used: Int) {
        let larger = UnsafeMutablePointer<Node>.allocate(capacity: nodeCapacity * 2)
        larger.update(from: nodes, count: used)
        nodes.deallocate()
        nodes = larger
        nodeCapacity *= 2
    }

    /// The source bytes of a node.
    @inline(__always) func source(_ index: Int) -> UnsafeBufferPointer<UInt8> {
        let node = nodes[index]
        return UnsafeBufferPointer(start: bytes + Int(node.start), count: Int(node.end &- node.start))
    }

    /// The bytes between the quotes of a string node, escapes left as they are.
    @inline(__always) func content(_ index: Int) -> UnsafeBufferPointer<UInt8> {
        let node = nodes[index]
        return UnsafeBufferPointer(start: bytes + Int(node.start) + 1, count: Int(node.end &- node.start) - 2)
    }

    /// The text of a string node.
    func text(_ index: Int) -> String {
        let content = content(index)
        guard nodes[index].isEscaped else { return String(decoding: content, as: UTF8.self) }
        return String(decoding: unescaped(content), as: UTF8.self)
    }

    /// Whether a string node says exactly these bytes.
    func says(_ index: Int, _ wanted: UnsafeBufferPointer<UInt8>) -> Bool {
        let content = content(index)
        guard nodes[index].isEscaped else { return sameBytes(content, wanted) }
        var left = UnescapedBytes(content)
        for byte in wanted { guard left.next() == byte else { return false } }
        return left.next() == nil
    }
}

/// Compares two runs of bytes; names are short, so a loop does as well as a call.
@inline(__always) func sameBytes(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool {
    guard a.count == b.count else { return false }
    var i = 0
    while i < a.count {
        if a[i] != b[i] { return false }
        i &+= 1
    }
    return true
}
