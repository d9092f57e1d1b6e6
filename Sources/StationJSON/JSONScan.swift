// SPDX-License-Identifier: Apache-2.0

/// An array or object that is still open. 24 bytes, so that the usual depth fits the stack's room for temporaries.
struct OpenContainer {
    /// One bit for each name seen, by length and outer bytes: two names that share no bit differ.
    var names: UInt64 = 0
    /// Its node.
    var node: UInt32 = 0
    /// Items or members so far.
    var count: UInt32 = 0
    /// The bracket that ends it.
    var closing: UInt8 = 0
    /// Two names shared a bit or one had an escape, so they are compared at the end of the object.
    var mayRepeat = false

    @inline(__always) var isObject: Bool { closing == UInt8(ascii: "}") }
}

/// One pass over a padded text that writes the tape. A value: give it a filled tape, call ``run()`` once.
///
/// Hot: no call that can throw, no String, no class property inside the loops, and nothing that takes the address of the
/// scanner, so that its fields stay in registers.
struct JSONScan {
    let tape: JSONTape
    let base: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>
    let depthLimit: Int
    var at: UnsafePointer<UInt8>
    var nodes: UnsafeMutablePointer<Node>
    var nodeCapacity: Int
    var nodeCount = 0
    /// The open containers from the outermost on, with one unused place before the first.
    let containers: UnsafeMutablePointer<OpenContainer>
    /// The innermost open container; the unused place while ``depth`` is 0.
    var open: UnsafeMutablePointer<OpenContainer>
    var depth = 0
    /// What was found wrong, at ``at``.
    var flaw: JSONFlaw?
    /// The name that stands twice, for the pointer of the error.
    var repeated: Int?

    init(tape: JSONTape, depthLimit: Int, containers: UnsafeMutablePointer<OpenContainer>) {
        self.tape = tape
        base = UnsafePointer(tape.bytes)
        end = base + tape.byteCount
        at = base
        nodes = tape.nodes
        nodeCapacity = tape.nodeCapacity
        self.depthLimit = depthLimit
        self.containers = containers
        open = containers
    }

    /// Scans the whole text. On success the tape is complete; otherwise ``flaw`` says why not.
    mutating func run() -> Bool {
        var scan = self
        let isValid = scan.values()
        self = scan
        if isValid { tape.nodeCount = nodeCount }
        return isValid
    }

    /// The grammar of RFC 8259 §2–§5 without recursion: each turn of the outer loop stands before a value or a name.
    @inline(__always) private mutating func values() -> Bool {
        skipSpace()
        guard at < end else { return fail(.empty) }
        var needsName = false
        while true {
            if needsName {
                guard name() else { return false }
            }
            switch at.pointee {
            case UInt8(ascii: "\""):
                guard push(.string(at)) else { return false }
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                guard push(.number(at)) else { return false }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard begin() else { return false }
                // The closing bracket is the opening one plus two: `[` `]` and `{` `}`.
                if at.pointee != open.pointee.closing {
                    needsName = open.pointee.isObject
                    if !needsName { open.pointee.count = 1 }
                    continue
                }
            default:
                guard push(.word(at)) else { return false }
            }
            // After a value, or at the end of an empty container: close what closes, then go on to the next value.
            while true {
                skipSpace()
                if depth == 0 { return at == end ? true : fail(.trailing) }
                if at.pointee == UInt8(ascii: ",") {
                    at += 1
                    skipSpace()
                    needsName = open.pointee.isObject
                    if !needsName { open.pointee.count &+= 1 }
                    break
                }
                guard at.pointee == open.pointee.closing else { return fail(.unexpected) }
                guard close() else { return false }
            }
        }
    }

    /// Stops: remembers what is wrong here.
    @inline(__always) private mutating func fail(_ flaw: JSONFlaw) -> Bool {
        self.flaw = flaw
        return false
    }

    @inline(__always) private mutating func skipSpace() {
        while at.pointee <= 0x20 {
            guard at.pointee == 0x20 || at.pointee == 0x0A || at.pointee == 0x0D || at.pointee == 0x09 else { return }
            at += 1
        }
    }

    /// Puts a token that begins at ``at`` on the tape and goes on behind it.
    @inline(__always) private mutating func push(_ token: JSONToken) -> Bool {
        let start = at
        at = token.end
        guard !token.isFlawed else { return fail(token.flaw) }
        append(from: start, token.info)
        return true
    }

    @inline(__always) private mutating func append(from start: UnsafePointer<UInt8>, _ info: UInt32) {
        if nodeCount == nodeCapacity {
            tape.growNodes(used: nodeCount)
            nodes = tape.nodes
            nodeCapacity = tape.nodeCapacity
        }
        nodes[nodeCount] = Node(
            start: UInt32(truncatingIfNeeded: start - base), end: UInt32(truncatingIfNeeded: at - base),
            next: UInt32(truncatingIfNeeded: nodeCount &+ 1), info: info)
        nodeCount &+= 1
    }

    @inline(__always) private mutating func begin() -> Bool {
        guard depth < depthLimit else { return fail(.tooDeep) }
        depth &+= 1
        open += 1
        open.pointee = OpenContainer(node: UInt32(truncatingIfNeeded: nodeCount), closing: at.pointee &+ 2)
        let start = at
        at += 1
        append(from: start, open.pointee.isObject ? Node.object : Node.array)
        skipSpace()
        return true
    }

    @inline(__always) private mutating func close() -> Bool {
        if open.pointee.mayRepeat, let name = JSONNames.repeated(in: tape.bytes, nodes, open.pointee, nodeCount) {
            repeated = name
            return fail(.duplicate)
        }
        at += 1
        let node = Int(open.pointee.node)
        nodes[node].end = UInt32(truncatingIfNeeded: at - base)
        nodes[node].next = UInt32(truncatingIfNeeded: nodeCount)
        nodes[node].info |= open.pointee.count << Node.countShift
        depth &-= 1
        open -= 1
        return true
    }

    /// A member name and the colon after it.
    @inline(__always) private mutating func name() -> Bool {
        guard at.pointee == UInt8(ascii: "\"") else { return fail(.unexpected) }
        let start = at
        let token = JSONToken.string(at)
        guard push(token) else { return false }
        let bits = UInt64(start[1]) &+ UInt64(at[-2]) &* 5 &+ UInt64(truncatingIfNeeded: at - start) &* 11
        let bit: UInt64 = 1 &<< (bits & 63)
        if open.pointee.names & bit != 0 || token.info & Node.escaped != 0 { open.pointee.mayRepeat = true }
        open.pointee.names |= bit
        open.pointee.count &+= 1
        skipSpace()
        guard at.pointee == UInt8(ascii: ":") else { return fail(.unexpected) }
        at += 1
        skipSpace()
        return true
    }
}
