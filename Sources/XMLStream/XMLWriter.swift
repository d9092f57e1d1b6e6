// SPDX-License-Identifier: Apache-2.0

/// The only producer of XML.
///
/// Whatever it is given, what it has written is well-formed within a stream: forbidden characters become U+FFFD, names
/// that are none are repaired, a second attribute of the same name is left out, and tags are closed in order.
/// ```swift
/// var writer = XMLWriter(defaultNamespace: "jabber:client")
/// writer.start("iq", namespace: "jabber:client")
/// writer.attribute("type", "get")
/// writer.start("ping", namespace: "urn:xmpp:ping")
/// writer.end()
/// writer.end()      // <iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>
/// ```
public struct XMLWriter: Sendable {
    /// An element whose end tag is not written.
    struct OpenElement: Sendable {
        /// Where the tag begins, with its `<`.
        var start: Int
        /// How long the name in the tag is, with its prefix.
        var nameLength: Int
        /// Where the content begins; `openTag` while attributes may still be added.
        var contentStart: Int
        /// The default namespace inside.
        var namespace: String
    }

    static let openTag = Int.max

    /// What is written so far.
    public internal(set) var bytes: [UInt8] = []
    /// The namespace of elements without `xmlns` outside of all elements: that of the stream.
    public let defaultNamespace: String
    /// A namespace whose elements are written with the prefix `stream`, which the stream header declares.
    public let streamNamespace: String?
    var stack: [OpenElement] = []
    var escaper = XMLEscaper()
    /// The names of attributes in the open tag, as places in `bytes`.
    var attributeNames: [Range<Int>] = []
    /// Whether an element at the top went without `xmlns`.
    var leansOnDefault = false

    /// Makes a writer.
    /// - Parameters:
    ///   - defaultNamespace: that of the stream; elements in it carry no `xmlns`.
    ///   - streamNamespace: the one that the stream header binds to the prefix `stream`, if names in it are to be written so.
    public init(defaultNamespace: String = "", streamNamespace: String? = nil) {
        self.defaultNamespace = defaultNamespace
        self.streamNamespace = streamNamespace
    }

    /// How many characters were replaced, and names repaired or left out, so far.
    public var replacedCharacters: Int { escaper.replaced }

    /// How many bytes are written.
    public var count: Int { bytes.count }

    // MARK: Elements

    /// Starts an element. With nil for the namespace it is that of the element around it.
    public mutating func start(_ local: String, namespace: String? = nil) {
        closeTag()
        let scope = stack.last?.namespace ?? defaultNamespace
        let wanted = namespace ?? scope
        let start = bytes.count
        bytes.append(UInt8(ascii: "<"))
        var inner = scope
        var declares = false
        if wanted != scope {
            if wanted == ReservedNamespace.xml {
                append("xml:")
            } else if wanted == ReservedNamespace.xmlns {
                escaper.replaced &+= 1
            } else if wanted == streamNamespace {
                append("stream:")
            } else {
                declares = true
                inner = wanted
            }
        }
        appendName(local)
        let nameLength = bytes.count &- start &- 1
        if declares {
            append(" xmlns='")
            escaper.append(wanted, to: &bytes, as: .attribute)
            bytes.append(UInt8(ascii: "'"))
        } else if stack.isEmpty {
            leansOnDefault = true
        }
        attributeNames.removeAll(keepingCapacity: true)
        stack.append(
            OpenElement(start: start, nameLength: nameLength, contentStart: Self.openTag, namespace: inner))
    }

    /// Starts an element whose name is known when the program is built.
    public mutating func start(_ local: StaticString, namespace: String? = nil) {
        start(local.description, namespace: namespace)
    }

    /// Ends the innermost element; does nothing outside of all elements.
    public mutating func end() {
        guard let element = stack.popLast() else { return }
        if element.contentStart == Self.openTag {
            append("/>")
        } else {
            append("</")
            appendCopy(element.start &+ 1, element.nameLength)
            bytes.append(UInt8(ascii: ">"))
        }
    }

    // MARK: Attributes

    /// Adds an attribute to the element just started; nil adds none. Without an open start tag nothing is written.
    ///
    /// - Parameter name: a name without a prefix, or one of the `xml:` names, such as `xml:lang`.
    public mutating func attribute(_ name: String, _ value: String?) {
        guard let value, startAttribute(name) else { return }
        escaper.append(value, to: &bytes, as: .attribute)
        bytes.append(UInt8(ascii: "'"))
    }

    /// Adds an attribute whose value is given as bytes, which should be UTF-8.
    public mutating func attribute(_ name: String, bytes value: UnsafeBufferPointer<UInt8>) {
        guard startAttribute(name) else { return }
        escaper.append(value, to: &bytes, as: .attribute)
        bytes.append(UInt8(ascii: "'"))
    }

    /// Adds an attribute whose value is given as bytes, which should be UTF-8.
    public mutating func attribute(_ name: String, bytes value: [UInt8]) {
        value.withUnsafeBufferPointer { attribute(name, bytes: $0) }
    }

    // MARK: Character data

    /// Adds character data.
    public mutating func text(_ text: String) {
        closeTag()
        escaper.append(text, to: &bytes, as: .text)
    }

    /// Adds character data given as bytes, which should be UTF-8.
    public mutating func text(bytes text: UnsafeBufferPointer<UInt8>) {
        closeTag()
        escaper.append(text, to: &bytes, as: .text)
    }

    /// Adds character data given as bytes, which should be UTF-8.
    public mutating func text(bytes text: [UInt8]) {
        text.withUnsafeBufferPointer { self.text(bytes: $0) }
    }

    // MARK: Results

    /// Ends all elements and hands the bytes over; the writer is as new.
    public mutating func take() -> [UInt8] {
        endAll()
        let result = bytes
        bytes = []
        leansOnDefault = false
        return result
    }

    /// Drops everything written, open elements included.
    public mutating func removeAll(keepingCapacity: Bool = false) {
        bytes.removeAll(keepingCapacity: keepingCapacity)
        stack.removeAll(keepingCapacity: keepingCapacity)
        attributeNames.removeAll(keepingCapacity: keepingCapacity)
        leansOnDefault = false
    }

    /// Takes back what was written since `count` was the given number, and the elements started since.
    ///
    /// Meant for whole stanzas that turn out too large: take the count before a stanza, and come back to it.
    /// Elements that were open then must be open still.
    public mutating func truncate(to count: Int) {
        guard count >= 0, count < bytes.count else { return }
        bytes.removeSubrange(count...)
        while let last = stack.last, last.start >= count { stack.removeLast() }
        guard let top = stack.last else { return }
        if top.contentStart == Self.openTag {
            attributeNames.removeAll { $0.upperBound > count }
        } else if top.contentStart > count {
            // Which attributes the tag has is no longer known, so it takes no more.
            bytes.append(UInt8(ascii: ">"))
            stack[stack.count &- 1].contentStart = bytes.count
        }
    }

    /// Ends all elements that are open.
    public mutating func endAll() {
        while !stack.isEmpty { end() }
    }
}
