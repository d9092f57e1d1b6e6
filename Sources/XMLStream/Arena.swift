// SPDX-License-Identifier: Apache-2.0

/// An element or a run of character data, in document order: the children of a node follow it.
struct Node: BitwiseCopyable {
    /// Index into the name table; 0 for character data.
    var name: UInt32
    /// The index of the first node that is not inside this one.
    var end: UInt32
    /// Of an element: index of its first attribute. Of character data: where its bytes begin.
    var start: UInt32
    /// Of an element: how many attributes. Of character data: how many bytes.
    var length: UInt32

    @inline(__always)
    var isText: Bool { name == 0 }
}

/// An attribute: its name, and where the bytes of its value are.
struct AttributeRecord: BitwiseCopyable {
    var name: UInt32
    var start: UInt32
    var length: UInt32
}

/// Where an arena ends; what lies beyond belongs to a stanza that is not complete.
struct ArenaMark: BitwiseCopyable {
    var nodes = 0
    var attributes = 0
    var bytes = 0
}

/// Stanzas as flat arrays. Offsets are 32 bits wide: the parser hands a batch over once it holds 1 MiB, and no
/// stanza has more than 64.
struct Arena {
    /// Memory up to which an arena is kept for the next batch.
    private static let keptBytes = 1_048_576

    var nodes = Growable<Node>()
    var attributes = Growable<AttributeRecord>()
    var bytes = Growable<UInt8>()
    var names = NameTable()
    /// The node of each complete stanza.
    var stanzas = Growable<UInt32>()
    /// The end of the last complete stanza.
    var complete = ArenaMark()

    /// Bytes of memory held.
    var footprint: Int {
        nodes.footprint &+ attributes.footprint &+ bytes.footprint &+ names.footprint &+ stanzas.footprint
    }

    mutating func free() {
        nodes.free()
        attributes.free()
        bytes.free()
        names.free()
        stanzas.free()
        complete = ArenaMark()
    }

    /// Empties the arena for the next batch, and keeps its memory unless a hostile batch made it large.
    mutating func prepare() {
        if footprint > Self.keptBytes { free() }
        nodes.shrink(to: 0)
        attributes.shrink(to: 0)
        bytes.shrink(to: 0)
        stanzas.shrink(to: 0)
        complete = ArenaMark()
        names.prepare()
    }

    /// The value of an attribute.
    @inline(__always)
    func value(_ attribute: AttributeRecord) -> UnsafeBufferPointer<UInt8> {
        bytes.slice(Int(attribute.start), Int(attribute.length))
    }
}
