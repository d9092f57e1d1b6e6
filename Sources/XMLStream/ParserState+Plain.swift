// SPDX-License-Identifier: Apache-2.0

/// Stanzas of the plain kind go into the arena without expat, several times as fast.
///
/// Plain is what servers write nearly always: ASCII names without a prefix but `xml:`, single spaces in tags, the five
/// predefined references, no carriage return. Whatever is otherwise, wrong, cut or too much is left to the framer and
/// expat, which alone say what is well-formed. So being plain may only mean what they would take, with the same result.
extension ParserState {
    private enum Tag { case start, empty, other }

    /// More attributes than any stanza has. They are compared with each other.
    private static let mostAttributes = 24

    /// Reads plain stanzas, and the space around them, between two stanzas of a stream.
    ///
    /// - Returns: how many bytes that were.
    mutating func readPlain(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let source = bytes.baseAddress else { return 0 }
        let destination = UnsafeMutableRawPointer(arena.bytes.room(for: bytes.count &+ PlainCursor.slack))
        var cursor = PlainCursor(source: source, end: bytes.count, destination: destination, output: arena.bytes.count)
        var taken = 0
        repeat {
            cursor.skipSpace()
            taken = cursor.input
        } while taken < bytes.count && readStanza(&cursor)
        dropIncomplete()
        return taken
    }

    @inline(__always)
    private mutating func readStanza(_ cursor: inout PlainCursor) -> Bool {
        let start = cursor.input
        let root = arena.nodes.count
        var depth = 1
        while true {
            if cursor.byte(1) == UInt8(ascii: "/") {
                guard depth > 1, readEndTag(&cursor, openTags[depth]) else { return false }
                depth &-= 1
            } else {
                switch readStartTag(&cursor, depth) {
                case .other: return false
                case .start: depth &+= 1
                case .empty: close(arena.nodes.count &- 1)
                }
            }
            if depth == 1 { break }
            let offset = cursor.output
            guard cursor.passText() else { return false }
            if cursor.output > offset { appendText(offset, cursor.output &- offset) }
        }
        guard cursor.input &- start <= limits.stanzaBytes else { return false }
        arena.bytes.extend(to: cursor.output)
        markComplete(root)
        return true
    }

    @inline(__always)
    private mutating func readEndTag(_ cursor: inout PlainCursor, _ tag: OpenTag) -> Bool {
        cursor.input &+= 2
        guard let name = tag.name, cursor.isHere(name, tag.nameLength), cursor.byte(tag.nameLength) == UInt8(ascii: ">"),
            tag.nameLength &+ 3 <= limits.tokenBytes
        else { return false }
        cursor.input &+= tag.nameLength &+ 1
        close(tag.node)
        return true
    }

    @inline(__always)
    private mutating func readStartTag(_ cursor: inout PlainCursor, _ depth: Int) -> Tag {
        guard cursor.byte() == UInt8(ascii: "<"), depth <= limits.depth else { return .other }
        let start = cursor.input
        cursor.input &+= 1
        let name = (cursor.source + cursor.input).assumingMemoryBound(to: UInt8.self)
        let guess = arena.names.next(after: lastElement)
        let length = cursor.nameLength(guess: arena.names.local(guess))
        guard length > 0 else { return .other }
        cursor.input &+= length

        var tag = OpenTag(
            name: name, nameLength: length, namespace: openTags[depth].namespace,
            namespaceLength: openTags[depth].namespaceLength, node: arena.nodes.count)
        let first = arena.attributes.count
        guard let kind = readAttributes(&cursor, &tag, after: guess), cursor.input &- start <= limits.tokenBytes else {
            return .other
        }
        let namespace = UnsafeBufferPointer(start: tag.namespace, count: tag.namespaceLength)
        let index = arena.names.element(UnsafeBufferPointer(start: name, count: length), namespace, guess, after: lastElement)
        lastElement = index
        arena.nodes.append(
            Node(
                name: index, end: 0, start: UInt32(truncatingIfNeeded: first),
                length: UInt32(truncatingIfNeeded: arena.attributes.count &- first)))
        openTags[depth &+ 1] = tag
        return kind
    }

    /// Reads the rest of a start tag; nil if it is not plain.
    @inline(__always)
    private mutating func readAttributes(_ cursor: inout PlainCursor, _ tag: inout OpenTag, after guess: UInt32) -> Tag? {
        let first = arena.attributes.count
        var previous = guess
        var declares = false
        while true {
            switch cursor.byte() {
            case UInt8(ascii: ">"):
                cursor.input &+= 1
                return .start
            case UInt8(ascii: "/"):
                guard cursor.byte(1) == UInt8(ascii: ">") else { return nil }
                cursor.input &+= 2
                return .empty
            case 0x20:
                cursor.input &+= 1
                if cursor.byte() == UInt8(ascii: "/") || cursor.byte() == UInt8(ascii: ">") { continue }
                if isDeclaration(cursor) {
                    guard !declares, readDeclaration(&cursor, &tag) else { return nil }
                    declares = true
                } else {
                    guard readAttribute(&cursor, first, &previous) else { return nil }
                }
            default: return nil
            }
        }
    }

    @inline(__always)
    private mutating func readAttribute(_ cursor: inout PlainCursor, _ first: Int, _ previous: inout UInt32) -> Bool {
        let count = arena.attributes.count &- first
        guard count < min(limits.attributes, Self.mostAttributes) else { return false }
        let guess = arena.names.nextAttribute(after: previous)
        let spelled = arena.names.plain(guess)
        let length = cursor.nameLength(guess: spelled)
        guard length > 0 else { return false }
        let name = UnsafeBufferPointer(
            start: (cursor.source + cursor.input).assumingMemoryBound(to: UInt8.self), count: length)
        cursor.input &+= length
        if PlainBytes.areEqual(name, spelled) {
            previous = guess
        } else {
            guard let index = learnAttribute(&cursor, name, after: previous) else { return false }
            previous = index
        }
        for index in 0..<count where arena.attributes[first &+ index].name == previous { return false }
        guard let value = readValue(&cursor) else { return false }
        arena.attributes.append(
            AttributeRecord(
                name: previous, start: UInt32(truncatingIfNeeded: value),
                length: UInt32(truncatingIfNeeded: cursor.output &- value)))
        return true
    }

    /// The index of an attribute's name that was not guessed.
    @inline(never)
    private mutating func learnAttribute(
        _ cursor: inout PlainCursor, _ name: UnsafeBufferPointer<UInt8>, after previous: UInt32
    ) -> UInt32? {
        guard cursor.byte() == UInt8(ascii: ":") else {
            // What begins like this is reserved, and expat has its own thoughts about it.
            if name.starts(with: "xml".utf8) { return nil }
            return arena.names.attribute(name, isXML: false, after: previous)
        }
        guard name.elementsEqual("xml".utf8) else { return nil }
        cursor.input &+= 1
        let length = cursor.nameLength(guess: UnsafeBufferPointer(start: nil, count: 0))
        let local = UnsafeBufferPointer(
            start: (cursor.source + cursor.input).assumingMemoryBound(to: UInt8.self), count: length)
        cursor.input &+= length
        guard length > 0, cursor.byte() == UInt8(ascii: "=") else { return nil }
        return arena.names.attribute(local, isXML: true, after: previous)
    }

    /// Copies `='…'` and says where the value begins.
    @inline(__always)
    private func readValue(_ cursor: inout PlainCursor) -> Int? {
        guard cursor.byte() == UInt8(ascii: "=") else { return nil }
        let quote = cursor.byte(1)
        guard quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { return nil }
        cursor.input &+= 2
        let start = cursor.output
        guard cursor.passValue(quote) else { return nil }
        cursor.input &+= 1
        return start
    }

    // MARK: Namespaces

    private static let declaration: StaticString = "xmlns="

    @inline(__always)
    private func isDeclaration(_ cursor: PlainCursor) -> Bool {
        cursor.byte() == UInt8(ascii: "x") && cursor.isHere(Self.declaration.utf8Start, 6)
    }

    /// Reads the declaration of the default namespace.
    @inline(__always)
    private func readDeclaration(_ cursor: inout PlainCursor, _ tag: inout OpenTag) -> Bool {
        cursor.input &+= 5
        let source = cursor.source + cursor.input + 2
        guard let start = readValue(&cursor) else { return false }
        let length = cursor.output &- start
        // Taken from the source, so it must stand there as it is meant. The reserved names are expat's matter.
        guard length > 0, length <= limits.namespaceBytes, source + length + 1 == cursor.source + cursor.input,
            !XMLNameRules.mayBeReserved(source, length), limits.namespaceDeclarations > 0
        else { return false }
        cursor.output = start
        tag.namespace = source.assumingMemoryBound(to: UInt8.self)
        tag.namespaceLength = length
        return true
    }
}
