// SPDX-License-Identifier: Apache-2.0

internal import CStationExpat

/// A namespace declaration of the stream header, kept so that the context can be set up again.
struct NamespaceDeclaration {
    let prefix: String
    let uri: String
}

/// What expat's callbacks write. It lives behind a pointer of its own: no object, no count, no check stands in their way.
struct ParserState {
    let limits: XMLLimits
    let parser: OpaquePointer
    var arena = Arena()
    /// Open elements, the root included.
    var depth = 0
    /// The node of each open element below the root, by depth.
    let open: UnsafeMutablePointer<UInt32>
    /// The open elements of a plain stanza by depth; at 1 stands the root.
    let openTags: UnsafeMutablePointer<OpenTag>
    /// Whether the last node is character data that more may be appended to.
    var textIsOpen = false
    /// The name of the last element, by which the next one is guessed.
    var lastElement: UInt32 = 0
    /// Namespace declarations of the element about to start.
    var declarations = 0
    /// Names that expat has learned since it was reset.
    var namesLearned = 0
    /// Where the last stanza, or the header, or whitespace between stanzas ended, in bytes since expat was reset.
    var boundary = 0
    /// Nothing is taken any more, for a reason in `error` or since the stream has ended.
    var isStopped = false
    /// The root has ended.
    var isClosed = false
    /// The root is the synthetic one that sets the context up again after a reset.
    var isReplaying = false
    /// expat stands still at a stanza boundary, to be reset.
    var isSuspended = false
    var error: XMLStreamError?
    /// The header, from when it was seen until it is reported.
    var header: StreamHeader?
    /// The root's tag as it stands in the stream, such as `stream:stream`.
    var rootTag = ""
    var rootDeclarations: [NamespaceDeclaration] = []
    /// The default namespace of the root.
    private var rootNamespace = Growable<UInt8>()

    init(parser: OpaquePointer, limits: XMLLimits) {
        self.parser = parser
        self.limits = limits
        open = .allocate(capacity: limits.depth &+ 2)
        open.initialize(repeating: 0, count: limits.depth &+ 2)
        openTags = .allocate(capacity: limits.depth &+ 3)
        openTags.initialize(repeating: OpenTag(), count: limits.depth &+ 3)
    }

    /// Forgets the stream, keeps the memory.
    mutating func forgetStream() {
        forgetParse()
        error = nil
        header = nil
        rootTag = ""
        rootDeclarations = []
        rootNamespace.shrink(to: 0)
        arena.prepare()
    }

    /// Forgets what belongs to the run of expat that ends with a reset.
    mutating func forgetParse() {
        depth = 0
        textIsOpen = false
        lastElement = 0
        declarations = 0
        namesLearned = 0
        boundary = 0
        isStopped = false
        isClosed = false
        isSuspended = false
    }

    /// Forgets what was read of a stanza that is not complete.
    mutating func dropIncomplete() {
        textIsOpen = false
        lastElement = 0
        arena.nodes.shrink(to: arena.complete.nodes)
        arena.attributes.shrink(to: arena.complete.attributes)
        arena.bytes.shrink(to: arena.complete.bytes)
    }

    mutating func free() {
        arena.free()
        rootNamespace.free()
        open.deallocate()
        openTags.deallocate()
    }

    /// Whether the stream has begun.
    var hasRoot: Bool { !rootTag.isEmpty }

    /// Whether expat stands between two stanzas of a stream that goes on.
    var isBetweenStanzas: Bool { depth == 1 && hasRoot && !isStopped }

    // MARK: Events

    @inline(__always)
    mutating func start(_ name: UnsafePointer<CChar>, _ attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>) {
        if isStopped { return }
        if depth == 0 { return startRoot(name, attributes) }
        guard depth <= limits.depth else { return fail(.tooLarge(.depth)) }
        textIsOpen = false
        declarations = 0
        let learnedBefore = arena.names.learned
        let index = arena.nodes.count
        let first = arena.attributes.count
        let nameIndex = arena.names.element(name, after: lastElement)
        lastElement = nameIndex
        arena.nodes.append(Node(name: nameIndex, end: 0, start: UInt32(truncatingIfNeeded: first), length: 0))
        var previous = nameIndex
        var pair = attributes
        while let key = pair[0], let value = pair[1] {
            previous = arena.names.attribute(key, after: previous)
            let length = station_strlen(value)
            let offset = append(value, length)
            arena.attributes.append(
                AttributeRecord(
                    name: previous, start: UInt32(truncatingIfNeeded: offset), length: UInt32(truncatingIfNeeded: length)))
            pair += 2
        }
        let count = arena.attributes.count &- first
        if count > limits.attributes { return fail(.tooLarge(.attributes)) }
        arena.nodes.pointer(at: index).pointee.length = UInt32(truncatingIfNeeded: count)
        namesLearned &+= arena.names.learned &- learnedBefore
        open[depth] = UInt32(truncatingIfNeeded: index)
        depth &+= 1
    }

    @inline(__always)
    mutating func end() {
        if isStopped { return }
        depth &-= 1
        if depth == 0 { return endRoot() }
        textIsOpen = false
        let index = Int(open[depth])
        close(index)
        if depth == 1 { completeStanza(index) }
    }

    @inline(__always)
    mutating func text(_ characters: UnsafePointer<CChar>, _ length: Int) {
        if isStopped { return }
        if depth <= 1 { return textBetweenStanzas(characters, length) }
        let offset = append(characters, length)
        if textIsOpen {
            arena.nodes.pointer(at: arena.nodes.count &- 1).pointee.length &+= UInt32(truncatingIfNeeded: length)
        } else {
            textIsOpen = true
            appendText(offset, length)
        }
    }

    mutating func declareNamespace(_ prefix: UnsafePointer<CChar>?, _ uri: UnsafePointer<CChar>?) {
        if isStopped { return }
        declarations &+= 1
        if declarations > limits.namespaceDeclarations { return fail(.tooLarge(.namespaceDeclarations)) }
        if let uri, station_strlen(uri) > limits.namespaceBytes { return fail(.tooLarge(.namespaceBytes)) }
        // expat keeps a prefix even if no name uses it.
        if prefix != nil { namesLearned &+= 1 }
        guard depth == 0, !isReplaying else { return }
        rootDeclarations.append(
            NamespaceDeclaration(
                prefix: prefix.map { String(cString: $0) } ?? "", uri: uri.map { String(cString: $0) } ?? ""))
    }

    mutating func declareXML(version: UnsafePointer<CChar>?, encoding: UnsafePointer<CChar>?) {
        if isStopped { return }
        if let version, String(cString: version) != "1.0" { return fail(.notWellFormed("XML of another version than 1.0")) }
        guard let encoding else { return }
        let name = String(cString: encoding)
        if name.uppercased() != "UTF-8" { fail(.unsupportedEncoding(String(name.prefix(40)))) }
    }

    mutating func restricted(_ what: XMLStreamError.Restriction) {
        if isStopped { return }
        fail(.restricted(what))
    }

    // MARK: Rare parts

    /// Where the event that is being reported ends.
    private var eventEnd: Int {
        Int(XML_GetCurrentByteIndex(parser)) &+ Int(XML_GetCurrentByteCount(parser))
    }

    @inline(__always)
    private mutating func append(_ characters: UnsafePointer<CChar>, _ length: Int) -> Int {
        characters.withMemoryRebound(to: UInt8.self, capacity: length) { arena.bytes.append($0, length) }
    }

    @inline(__always)
    private mutating func completeStanza(_ index: Int) {
        markComplete(index)
        boundary = eventEnd
        // The parser cannot be reset in here: it is told to stand still, and reset where it was called.
        if namesLearned >= limits.nameBudget, !isSuspended {
            isSuspended = true
            _ = XML_StopParser(parser, 1)
        }
    }

    @inline(never)
    private mutating func startRoot(
        _ name: UnsafePointer<CChar>, _ attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>
    ) {
        declarations = 0
        depth = 1
        boundary = eventEnd
        if isReplaying { return }
        var values: [String: String] = [:]
        for declaration in rootDeclarations {
            values[declaration.prefix.isEmpty ? "xmlns" : "xmlns:\(declaration.prefix)"] = declaration.uri
        }
        var pair = attributes
        var count = 0
        while let key = pair[0], let value = pair[1] {
            let parts = Self.split(key)
            let isXML = parts.namespace == ReservedNamespace.xml
            let label = isXML ? "xml:\(parts.local)" : XMLName(parts.local, parts.namespace).description
            values[label] = String(cString: value)
            count &+= 1
            pair += 2
        }
        if count > limits.attributes { return fail(.tooLarge(.attributes)) }
        if let uri = rootDeclarations.first(where: { $0.prefix.isEmpty })?.uri {
            for byte in uri.utf8 { rootNamespace.append(byte) }
        }
        openTags[1].namespace = UnsafePointer(rootNamespace.base)
        openTags[1].namespaceLength = rootNamespace.count
        let root = Self.split(name)
        rootTag = root.prefix.isEmpty ? root.local : "\(root.prefix):\(root.local)"
        header = StreamHeader(name: XMLName(root.local, root.namespace), attributes: values)
    }

    @inline(never)
    private mutating func endRoot() {
        boundary = eventEnd
        isClosed = true
        isStopped = true
        _ = XML_StopParser(parser, 1)
    }

    @inline(never)
    private mutating func textBetweenStanzas(_ characters: UnsafePointer<CChar>, _ length: Int) {
        for index in 0..<length {
            switch characters[index] {
            case 0x20, 0x09, 0x0A, 0x0D: continue
            default: return fail(.notWellFormed("text between stanzas"))
            }
        }
        boundary = eventEnd
    }

    @inline(never)
    private mutating func fail(_ reason: XMLStreamError) {
        guard !isStopped else { return }
        isStopped = true
        error = reason
        _ = XML_StopParser(parser, 0)
    }

    /// Takes a name of expat's apart: `namespace␁local␁prefix`, each but `local` left out if empty.
    private static func split(_ name: UnsafePointer<CChar>) -> (namespace: String, local: String, prefix: String) {
        let mark: Character = "\u{1}"
        let parts = String(cString: name).split(separator: mark, omittingEmptySubsequences: false).map(String.init)
        switch parts.count {
        case 1: return ("", parts[0], "")
        case 2: return (parts[0], parts[1], "")
        default: return (parts[0], parts[1], parts[2])
        }
    }
}
