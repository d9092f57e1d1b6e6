// SPDX-License-Identifier: Apache-2.0

/// The start tags of many elements of one name, in one run of bytes: the envelopes of a fan-out, in its order.
public struct PreparedHeads: Sendable {
    private(set) var startTags: [UInt8] = []
    /// Where each start tag ends.
    private(set) var ends: [Int] = []
    private(set) var endTag: [UInt8] = []
    private(set) var defaultNamespace = ""
    private(set) var innerNamespace = ""
    private(set) var needsDefaultNamespace = false

    /// How many.
    public var count: Int { ends.count }

    /// None.
    public init() {}

    /// Adds one. False, and nothing added, if it ends otherwise than those before it.
    public mutating func append(_ head: PreparedHead) -> Bool {
        let envelope = head.envelope
        if ends.isEmpty {
            endTag = envelope.endTag
            defaultNamespace = envelope.outerNamespace
            innerNamespace = envelope.innerNamespace
            needsDefaultNamespace = envelope.needsDefaultNamespace
        }
        guard envelope.endTag == endTag, envelope.outerNamespace == defaultNamespace,
            envelope.innerNamespace == innerNamespace, envelope.needsDefaultNamespace == needsDefaultNamespace
        else { return false }
        startTags.append(contentsOf: envelope.startTag)
        ends.append(startTags.count)
        return true
    }
}

extension XMLWriter {
    /// Copies what another writer has written into each of some prepared elements, at the top: the inner loop of every
    /// fan-out. Writes nothing and says false where one of them would mean something else, or while elements are open.
    @discardableResult
    public mutating func raw(_ heads: PreparedHeads, _ range: Range<Int>, contentOf other: borrowing XMLWriter) -> Bool {
        let range = range.clamped(to: 0..<heads.count)
        guard stack.isEmpty, other.stack.isEmpty, !range.isEmpty,
            !heads.needsDefaultNamespace || heads.defaultNamespace == defaultNamespace,
            !other.leansOnDefault || other.defaultNamespace == heads.innerNamespace
        else { return false }
        if heads.needsDefaultNamespace { leansOnDefault = true }
        let first = range.lowerBound == 0 ? 0 : heads.ends[range.lowerBound - 1]
        let tags = heads.ends[range.upperBound - 1] - first
        let total = tags + range.count * (other.bytes.count + heads.endTag.count)
        heads.startTags.withUnsafeBufferPointer { starts in
            heads.endTag.withUnsafeBufferPointer { end in
                other.bytes.withUnsafeBufferPointer { content in
                    bytes.append(addingCapacity: total) { span in
                        span.withUnsafeMutableBufferPointer { window, written in
                            guard let base = window.baseAddress, window.count >= total else { return }
                            var to = base
                            var at = first
                            for index in range {
                                let next = heads.ends[index]
                                to = Self.copy(UnsafeBufferPointer(rebasing: starts[at..<next]), to: to)
                                to = Self.copy(content, to: to)
                                to = Self.copy(end, to: to)
                                at = next
                            }
                            written = total
                        }
                    }
                }
            }
        }
        return true
    }

    @inline(__always)
    private static func copy(
        _ source: UnsafeBufferPointer<UInt8>, to place: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        if let from = source.baseAddress { place.update(from: from, count: source.count) }
        return place + source.count
    }
}
