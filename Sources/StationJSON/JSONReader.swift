// SPDX-License-Identifier: Apache-2.0

/// Reads one document after another into the same storage, as long as nobody holds on to the last one.
///
/// For the hot path: after the first document nothing is allocated. Whoever keeps a ``JSONDocument`` or a
/// ``JSONValue`` keeps its storage, and the reader takes new storage for the next document.
///
/// ```swift
/// var reader = JSONReader()
/// let sequence = try reader.read(bytes).root.require("seq").requireInt64(in: 1...Int64.max)
/// ```
public struct JSONReader: Sendable {
    /// The limits of every document read.
    public let limits: JSONLimits
    private var tape: JSONTape

    /// Makes a reader with room for a small report.
    public init(limits: JSONLimits = JSONLimits()) {
        self.limits = limits
        tape = JSONTape(bytes: 1024)
    }

    /// Copies and validates one text.
    ///
    /// - Throws: ``JSONError`` with the pointer and the byte offset of what is wrong.
    public mutating func read(_ text: UnsafeBufferPointer<UInt8>) throws(JSONError) -> JSONDocument {
        guard text.count <= limits.allowedBytes else {
            throw JSONError(pointer: "", reason: "larger than \(limits.allowedBytes) bytes")
        }
        if !isKnownUniquelyReferenced(&tape) { tape = JSONTape(bytes: text.count) }
        tape.fill(text)
        if let error = tape.scan(depthLimit: limits.allowedDepth) { throw error }
        return JSONDocument(tape: tape)
    }

    /// Copies and validates one text.
    public mutating func read(_ text: [UInt8]) throws(JSONError) -> JSONDocument {
        switch text.withUnsafeBufferPointer({ buffer in Result { () throws(JSONError) in try read(buffer) } }) {
        case .success(let document): return document
        case .failure(let error): throw error
        }
    }
}

extension JSONTape {
    /// Validates the text and writes the nodes; the error if the text is refused.
    func scan(depthLimit: Int) -> JSONError? {
        withUnsafeTemporaryAllocation(of: OpenContainer.self, capacity: depthLimit + 1) { room in
            guard let containers = room.baseAddress else {
                return JSONError(pointer: "", reason: JSONFlaw.tooDeep.reason(depthLimit: 0))
            }
            // Each further place is written before it is read.
            containers.initialize(to: OpenContainer())
            var scan = JSONScan(tape: self, depthLimit: depthLimit, containers: containers)
            return scan.run() ? nil : scan.error
        }
    }
}
