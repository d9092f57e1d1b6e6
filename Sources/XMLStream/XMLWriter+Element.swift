// SPDX-License-Identifier: Apache-2.0

extension XMLWriter {
    /// Writes an owned element with all that is in it. `xmlns` stands only where the namespace changes.
    public mutating func write(_ element: Element) {
        start(element.name.local, namespace: element.name.namespace)
        writeAttributes(element.attributes)
        for child in element.children {
            switch child {
            case .element(let element): write(element)
            case .text(let text): self.text(text)
            }
        }
        end()
    }

    /// Writes a received element with all that is in it. `xmlns` stands only where the namespace changes.
    public mutating func write(_ element: XMLElement) {
        let arena = element.storage.pointee
        let last = Int(element.node.end)
        var ends: [Int] = []
        var index = element.index
        while index < last {
            while let end = ends.last, end <= index {
                self.end()
                ends.removeLast()
            }
            let node = arena.nodes[index]
            if node.isText {
                text(bytes: arena.bytes.slice(Int(node.start), Int(node.length)))
            } else {
                start(string(arena.names.local(node.name)), namespace: string(arena.names.namespace(node.name)))
                if node.length > 0 { writeAttributes(XMLElement(batch: element.batch, index: index).attributes) }
                ends.append(Int(node.end))
            }
            index &+= 1
        }
        for _ in ends { end() }
    }

    /// Writes attributes; those in a namespace get a prefix that is declared beside them.
    mutating func writeAttributes(_ attributes: [Element.Attribute]) {
        var prefixes: [String] = []
        for attribute in attributes {
            if attribute.namespace.isEmpty {
                self.attribute(attribute.name, attribute.value)
            } else if attribute.namespace == ReservedNamespace.xml {
                self.attribute("xml:\(attribute.name)", attribute.value)
            } else if attribute.namespace == ReservedNamespace.xmlns {
                escaper.replaced &+= 1
            } else {
                writePrefixed(attribute, &prefixes)
            }
        }
    }

    private mutating func writePrefixed(_ attribute: Element.Attribute, _ prefixes: inout [String]) {
        guard let top = stack.last, top.contentStart == Self.openTag else { return }
        let known = prefixes.firstIndex(of: attribute.namespace)
        let prefix = "n\(known ?? prefixes.count):"
        if known == nil {
            prefixes.append(attribute.namespace)
            bytes.append(contentsOf: " xmlns:\(prefix.dropLast())='".utf8)
            escaper.append(attribute.namespace, to: &bytes, as: .attribute)
            bytes.append(UInt8(ascii: "'"))
        }
        bytes.append(UInt8(ascii: " "))
        let start = bytes.count
        bytes.append(contentsOf: prefix.utf8)
        appendName(attribute.name)
        guard finishAttributeName(start) else { return }
        escaper.append(attribute.value, to: &bytes, as: .attribute)
        bytes.append(UInt8(ascii: "'"))
    }
}
