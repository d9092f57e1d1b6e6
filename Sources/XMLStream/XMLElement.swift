// SPDX-License-Identifier: Apache-2.0

internal import CStationExpat

/// A view of one element of a batch: a reference to the batch and an index. Cheap to copy; keeps the whole batch alive.
public struct XMLElement: @unchecked Sendable {
    /// The batch that holds the bytes.
    public let batch: StanzaBatch
    let index: Int

    init(batch: StanzaBatch, index: Int) {
        self.batch = batch
        self.index = index
    }

    @inline(__always)
    var storage: UnsafeMutablePointer<Arena> { batch.storage }

    @inline(__always)
    var node: Node { storage.pointee.nodes[index] }

    /// Whether the element has this name. Compares bytes and allocates nothing.
    public func isNamed(_ name: XMLName) -> Bool {
        withExtendedLifetime(batch) {
            let names = storage.pointee.names
            let index = node.name
            return equal(names.local(index), name.local) && equal(names.namespace(index), name.namespace)
        }
    }

    /// The name without its namespace, such as `iq`.
    public var localName: String { withExtendedLifetime(batch) { string(storage.pointee.names.local(node.name)) } }

    /// The namespace of the name, empty for none.
    public var namespace: String { withExtendedLifetime(batch) { string(storage.pointee.names.namespace(node.name)) } }

    /// The whole name.
    public var name: XMLName { XMLName(localName, namespace) }

    /// The value of an attribute without namespace, or of `xml:lang` by just this name.
    public func attribute(_ local: String) -> String? {
        withExtendedLifetime(batch) {
            find { equal(storage.pointee.names.plain($0.name), local) }.map { string(storage.pointee.value($0)) }
        }
    }

    /// The value of an attribute with a namespace; with an empty namespace the same as `attribute(name.local)`.
    public func attribute(_ name: XMLName) -> String? {
        if name.namespace.isEmpty { return attribute(name.local) }
        return withExtendedLifetime(batch) {
            let names = storage.pointee.names
            return find { equal(names.local($0.name), name.local) && equal(names.namespace($0.name), name.namespace) }
                .map { string(storage.pointee.value($0)) }
        }
    }

    /// Lends the bytes (UTF-8) of the value of an attribute without namespace, or of `xml:lang`; nil if it is not there.
    public func withAttribute<R>(_ local: StaticString, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R? {
        guard local.hasPointerRepresentation else { return nil }
        return withExtendedLifetime(batch) {
            let wanted = UnsafeBufferPointer(start: local.utf8Start, count: local.utf8CodeUnitCount)
            return find { equal(storage.pointee.names.plain($0.name), wanted) }.map { body(storage.pointee.value($0)) }
        }
    }

    /// The attributes in the order of the document. Namespace declarations are not among them.
    public var attributes: [Element.Attribute] {
        withExtendedLifetime(batch) {
            let arena = storage.pointee
            let node = node
            return (0..<Int(node.length)).map { offset in
                let record = arena.attributes[Int(node.start) &+ offset]
                let plain = arena.names.plain(record.name)
                let value = string(arena.value(record))
                if !plain.isEmpty { return Element.Attribute(name: string(plain), value: value) }
                return Element.Attribute(
                    name: string(arena.names.local(record.name)), namespace: string(arena.names.namespace(record.name)),
                    value: value)
            }
        }
    }

    @inline(__always)
    private func find(_ matches: (AttributeRecord) -> Bool) -> AttributeRecord? {
        let node = node
        var index = Int(node.start)
        let end = index &+ Int(node.length)
        while index < end {
            let record = storage.pointee.attributes[index]
            if matches(record) { return record }
            index &+= 1
        }
        return nil
    }
}

/// Elements are the same view if they are the same place of the same batch; compare `element` for the same content.
extension XMLElement: CustomStringConvertible {
    /// The element as XML text.
    public var description: String {
        var writer = XMLWriter()
        writer.write(self)
        return String(decoding: writer.take(), as: UTF8.self)
    }
}

@inline(__always)
func string(_ bytes: UnsafeBufferPointer<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

@inline(__always)
func equal(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool {
    guard a.count == b.count else { return false }
    guard let left = a.baseAddress, let right = b.baseAddress else { return true }
    return station_bytes_equal(left, right, a.count) != 0
}

@inline(__always)
func equal(_ a: UnsafeBufferPointer<UInt8>, _ b: String) -> Bool {
    let utf8 = b.utf8
    guard a.count == utf8.count else { return false }
    return utf8.withContiguousStorageIfAvailable { equal(a, $0) } ?? a.elementsEqual(utf8)
}
