// SPDX-License-Identifier: Apache-2.0

/// The element children of an element, in the order of the document.
public struct XMLChildren: Sequence, IteratorProtocol, Sendable {
    private let batch: StanzaBatch
    private var index: Int
    private let end: Int

    init(of parent: XMLElement) {
        batch = parent.batch
        index = parent.index &+ 1
        end = Int(parent.node.end)
    }

    /// The next child, or nil after the last one.
    public mutating func next() -> XMLElement? {
        while index < end {
            let node = batch.storage.pointee.nodes[index]
            let here = index
            index = Int(node.end)
            if !node.isText { return XMLElement(batch: batch, index: here) }
        }
        return nil
    }
}

extension XMLElement {
    /// The element children, in the order of the document.
    public var children: XMLChildren { XMLChildren(of: self) }

    /// The first element child with this name.
    public func firstChild(_ name: XMLName) -> XMLElement? { children.first { $0.isNamed(name) } }

    /// The first element child.
    public var firstChild: XMLElement? {
        var children = children
        return children.next()
    }

    /// The character data directly inside, concatenated; that of children is left out.
    public var text: String { withText { string($0) } }

    /// Lends the bytes (UTF-8) of `text`; without a copy where no child stands between them.
    public func withText<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        withExtendedLifetime(batch) {
            let arena = storage.pointee
            var first: Node?
            var joined: [UInt8] = []
            var index = self.index &+ 1
            let end = Int(node.end)
            while index < end {
                let child = arena.nodes[index]
                index = Int(child.end)
                guard child.isText else { continue }
                if let seen = first {
                    if joined.isEmpty { joined.append(contentsOf: arena.bytes.slice(Int(seen.start), Int(seen.length))) }
                    joined.append(contentsOf: arena.bytes.slice(Int(child.start), Int(child.length)))
                } else {
                    first = child
                }
            }
            if !joined.isEmpty { return joined.withUnsafeBufferPointer(body) }
            return body(arena.bytes.slice(Int(first?.start ?? 0), Int(first?.length ?? 0)))
        }
    }

    /// An owned copy, for cold paths and for what outlives the batch.
    public var element: Element {
        withExtendedLifetime(batch) {
            var copy = Element(name)
            copy.attributes = attributes
            let arena = storage.pointee
            var index = self.index &+ 1
            let end = Int(node.end)
            while index < end {
                let child = arena.nodes[index]
                if child.isText {
                    copy.children.append(.text(string(arena.bytes.slice(Int(child.start), Int(child.length)))))
                } else {
                    copy.children.append(.element(XMLElement(batch: batch, index: index).element))
                }
                index = Int(child.end)
            }
            return copy
        }
    }
}
