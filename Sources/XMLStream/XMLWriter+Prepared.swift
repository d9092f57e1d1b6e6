// SPDX-License-Identifier: Apache-2.0

extension XMLWriter {
    /// Ends all elements and hands the bytes over to be copied into other writers; the writer is as new.
    public mutating func finish() -> PreparedXML {
        let leans = leansOnDefault
        return PreparedXML(bytes: take(), defaultNamespace: defaultNamespace, needsDefaultNamespace: leans)
    }

    /// Hands over the start tag of the one element that is open and has no content yet; nil if there is no such element.
    public mutating func finishHead() -> PreparedHead? {
        guard let element = stack.first, stack.count == 1, element.start == 0, element.contentStart == Self.openTag else {
            return nil
        }
        let name = bytes[1..<(1 &+ element.nameLength)]
        let envelope = PreparedHead.Envelope(
            startTag: bytes + [UInt8(ascii: ">")], endTag: Array("</".utf8) + name + [UInt8(ascii: ">")],
            outerNamespace: defaultNamespace, innerNamespace: element.namespace, needsDefaultNamespace: leansOnDefault)
        removeAll()
        return PreparedHead(envelope: envelope)
    }

    /// Copies what was prepared. Writes nothing and says false if it would mean something else here, since it was
    /// written for another default namespace.
    @discardableResult
    public mutating func raw(_ xml: PreparedXML) -> Bool {
        guard !xml.needsDefaultNamespace || isInScope(xml.defaultNamespace) else { return false }
        closeTag()
        if stack.isEmpty, xml.needsDefaultNamespace { leansOnDefault = true }
        bytes.append(contentsOf: xml.bytes)
        return true
    }

    /// Copies one prepared element around one prepared content: a delivery, of which only the envelope differs.
    /// Writes nothing and says false if one of them would mean something else here.
    @discardableResult
    public mutating func raw(_ head: PreparedHead, _ content: PreparedXML) -> Bool {
        let envelope = head.envelope
        guard !envelope.needsDefaultNamespace || isInScope(envelope.outerNamespace),
            !content.needsDefaultNamespace || content.defaultNamespace == envelope.innerNamespace
        else { return false }
        closeTag()
        if stack.isEmpty, envelope.needsDefaultNamespace { leansOnDefault = true }
        // All in one window: this is the inner loop of every fan-out.
        bytes.append(addingCapacity: head.count &+ content.bytes.count) { span in
            span.withUnsafeMutableBufferPointer { window, written in
                written &+= Self.copy(envelope.startTag, to: window, at: written)
                written &+= Self.copy(content.bytes, to: window, at: written)
                written &+= Self.copy(envelope.endTag, to: window, at: written)
            }
        }
        return true
    }

    @inline(__always)
    private static func copy(_ source: [UInt8], to window: UnsafeMutableBufferPointer<UInt8>, at start: Int) -> Int {
        source.withUnsafeBufferPointer { source in
            guard let from = source.baseAddress, let to = window.baseAddress, source.count <= window.count &- start else {
                return 0
            }
            (to + start).update(from: from, count: source.count)
            return source.count
        }
    }

    @inline(__always)
    private func isInScope(_ namespace: String) -> Bool {
        let top = stack.count &- 1
        return top < 0 ? defaultNamespace == namespace : stack[top].namespace == namespace
    }

    /// Writes the header of a stream (RFC 6120 §4.7): an XML declaration, and a start tag that `closeStream` ends.
    ///
    /// The root is `stream:stream` in `streamNamespace`, or in `http://etherx.jabber.org/streams` if there is none.
    public mutating func openStream(_ attributes: KeyValuePairs<String, String?>) {
        endAll()
        append("<?xml version='1.0'?><stream:stream xmlns='")
        escaper.append(defaultNamespace, to: &bytes, as: .attribute)
        append("' xmlns:stream='")
        escaper.append(streamNamespace ?? "http://etherx.jabber.org/streams", to: &bytes, as: .attribute)
        bytes.append(UInt8(ascii: "'"))
        // The tag is open for attributes only: no element of the stack, since its end comes with the stream's.
        stack.append(
            OpenElement(start: bytes.count, nameLength: 0, contentStart: Self.openTag, namespace: defaultNamespace))
        attributeNames.removeAll(keepingCapacity: true)
        for (name, value) in attributes { attribute(name, value) }
        stack.removeAll()
        bytes.append(UInt8(ascii: ">"))
    }

    /// Ends the stream.
    public mutating func closeStream() {
        endAll()
        append("</stream:stream>")
    }
}
