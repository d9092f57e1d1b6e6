// SPDX-License-Identifier: Apache-2.0

/// The small parts that tags are made of.
extension XMLWriter {
    /// Ends the start tag of the innermost element, if it is open.
    @inline(__always)
    mutating func closeTag() {
        let top = stack.count &- 1
        guard top >= 0, stack[top].contentStart == Self.openTag else { return }
        bytes.append(UInt8(ascii: ">"))
        stack[top].contentStart = bytes.count
    }

    /// Writes ` name='`, if there is a tag that it may stand in and it is the first of its name.
    mutating func startAttribute(_ name: String) -> Bool {
        guard let top = stack.last, top.contentStart == Self.openTag else { return false }
        bytes.append(UInt8(ascii: " "))
        let start = bytes.count
        if name.utf8.count > 4, name.hasPrefix("xml:") {
            append("xml:")
            appendName(String(name.dropFirst(4)))
        } else if name == "xmlns" {
            // Namespaces follow from the names of elements, never from an attribute.
            append("_xmlns")
            escaper.replaced &+= 1
        } else {
            appendName(name)
        }
        return finishAttributeName(start)
    }

    /// Writes `='` after the name that begins at `start`, or takes the name back if the tag has it already.
    mutating func finishAttributeName(_ start: Int) -> Bool {
        let name = start..<bytes.count
        let isRepeated = bytes.withUnsafeBufferPointer { bytes in
            attributeNames.contains { other in
                other.count == name.count
                    && equal(UnsafeBufferPointer(rebasing: bytes[other]), UnsafeBufferPointer(rebasing: bytes[name]))
            }
        }
        if isRepeated {
            bytes.removeSubrange((start &- 1)...)
            escaper.replaced &+= 1
            return false
        }
        attributeNames.append(name)
        append("='")
        return true
    }

    /// Writes a name that is certainly one.
    mutating func appendName(_ name: String) {
        let isPlain: Bool? = name.utf8.withContiguousStorageIfAvailable {
            guard XMLNameRules.isPlain($0) else { return false }
            bytes.append(contentsOf: $0)
            return true
        }
        if isPlain == true { return }
        let repaired = XMLNameRules.repaired(name)
        if !repaired.elementsEqual(name.utf8) { escaper.replaced &+= 1 }
        bytes.append(contentsOf: repaired)
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Writes again what stands at a place.
    @inline(__always)
    mutating func appendCopy(_ start: Int, _ length: Int) {
        let end = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: length))
        bytes.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            (base + end).update(from: base + start, count: length)
        }
    }
}
