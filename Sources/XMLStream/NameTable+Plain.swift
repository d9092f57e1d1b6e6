// SPDX-License-Identifier: Apache-2.0

/// Names of plain stanzas, as they are spelled in the source.
extension NameTable {
    /// The element's name that most often follows.
    @inline(__always)
    func next(after previous: UInt32) -> UInt32 { entries.pointer(at: Int(previous)).pointee.nextElement }

    /// The attribute's name that most often follows.
    @inline(__always)
    func nextAttribute(after previous: UInt32) -> UInt32 { entries.pointer(at: Int(previous)).pointee.nextAttribute }

    /// The index of an element's name without prefix, given the likely one and the name of the element before it.
    @inline(__always)
    mutating func element(
        _ local: UnsafeBufferPointer<UInt8>, _ namespace: UnsafeBufferPointer<UInt8>, _ guess: UInt32, after previous: UInt32
    ) -> UInt32 {
        if PlainBytes.areEqual(local, self.local(guess)), PlainBytes.areEqual(namespace, self.namespace(guess)) { return guess }
        let index = index(namespace, local, prefix: "")
        entries.pointer(at: Int(previous)).pointee.nextElement = index
        return index
    }

    /// The index of an attribute's name without a namespace, or with the prefix `xml:`, given the name before it.
    mutating func attribute(_ local: UnsafeBufferPointer<UInt8>, isXML: Bool, after previous: UInt32) -> UInt32 {
        let index: UInt32
        if isXML {
            var namespace = ReservedNamespace.xml
            index = namespace.withUTF8 { self.index($0, local, prefix: "xml") }
        } else {
            index = self.index(UnsafeBufferPointer(start: nil, count: 0), local, prefix: "")
        }
        entries.pointer(at: Int(previous)).pointee.nextAttribute = index
        return index
    }

    /// Finds a name by the key that expat would give it.
    @inline(never)
    private mutating func index(
        _ namespace: UnsafeBufferPointer<UInt8>, _ local: UnsafeBufferPointer<UInt8>, prefix: String
    ) -> UInt32 {
        let length = namespace.count &+ local.count &+ prefix.utf8.count &+ 3
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: length) { key in
            var end = 0
            func put(_ byte: UInt8) {
                key[end] = CChar(bitPattern: byte)
                end &+= 1
            }
            for byte in namespace { put(byte) }
            if !namespace.isEmpty { put(UInt8(bitPattern: Self.separator)) }
            for byte in local { put(byte) }
            if !prefix.isEmpty { put(UInt8(bitPattern: Self.separator)) }
            for byte in prefix.utf8 { put(byte) }
            put(0)
            return key.baseAddress.map { find($0) } ?? 0
        }
    }
}
