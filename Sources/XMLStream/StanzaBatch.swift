// SPDX-License-Identifier: Apache-2.0

/// The complete stanzas of one read, in flat arrays without a String or an object per node.
///
/// The parser fills a batch, hands it over frozen, and takes its memory back once nobody else holds the batch or an
/// element of it. So to keep a stanza for long, keep its `element`, an owned copy.
///
/// It may be read from any thread, since nobody writes while somebody else holds a reference.
public final class StanzaBatch: @unchecked Sendable {
    /// Written by the parser alone, and only while it is the only one to hold the batch.
    let storage: UnsafeMutablePointer<Arena>

    init() {
        storage = .allocate(capacity: 1)
        storage.initialize(to: Arena())
    }

    deinit {
        storage.pointee.free()
        storage.deinitialize(count: 1)
        storage.deallocate()
    }

    /// How many stanzas there are.
    public var count: Int { storage.pointee.stanzas.count }

    /// Leaves out the stanzas for which `isKept` says no; it is asked in their order. Only for whoever has the batch from
    /// the parser, before anybody else holds it.
    public func keep(where isKept: (XMLElement) -> Bool) {
        var kept = 0
        for index in 0..<count where isKept(self[index]) {
            storage.pointee.stanzas[kept] = storage.pointee.stanzas[index]
            kept &+= 1
        }
        storage.pointee.stanzas.shrink(to: kept)
    }

    /// Bytes of memory that the batch holds, for those who bound a queue of batches.
    public var memoryBytes: Int { storage.pointee.footprint }
}

extension StanzaBatch: RandomAccessCollection {
    /// The index of the first stanza: 0.
    public var startIndex: Int { 0 }
    /// One past the index of the last stanza.
    public var endIndex: Int { count }

    /// The stanza at an index in `0..<count`, in the order of arrival.
    public subscript(i: Int) -> XMLElement {
        precondition(i >= 0 && i < count, "no stanza has this index")
        return XMLElement(batch: self, index: Int(storage.pointee.stanzas[i]))
    }
}
