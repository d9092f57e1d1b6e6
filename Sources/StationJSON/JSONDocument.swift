// SPDX-License-Identifier: Apache-2.0

/// A validated JSON text: RFC 8259 with the strictness of I-JSON (RFC 7493).
///
/// UTF-8 only and without a byte order mark, no member twice (also when one is written with escapes), no lone
/// surrogates, every number finite, depth and size limited. Noncharacters such as U+FFFE are taken, since RFC 8259 allows
/// them; ``JSONWriter`` escapes them. The document owns a copy of the text; values are views of it.
///
/// ```swift
/// let document = try JSONDocument("{\"seq\": 7}")
/// document.root["seq"]?.int64  // 7
/// ```
public struct JSONDocument: Sendable {
    let tape: JSONTape

    init(tape: JSONTape) { self.tape = tape }

    /// Copies and validates a text.
    ///
    /// - Throws: ``JSONError`` with the pointer and the byte offset of what is wrong.
    public init(_ text: UnsafeBufferPointer<UInt8>, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        guard text.count <= limits.allowedBytes else {
            throw JSONError(pointer: "", reason: "larger than \(limits.allowedBytes) bytes")
        }
        tape = JSONTape(bytes: text.count)
        tape.fill(text)
        if let error = tape.scan(depthLimit: limits.allowedDepth) { throw error }
    }

    /// Copies and validates a text.
    ///
    /// - Throws: ``JSONError`` with the pointer and the byte offset of what is wrong.
    public init(_ text: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        let result = text.withUnsafeBufferPointer { buffer in
            Result { () throws(JSONError) in try JSONDocument(buffer, limits: limits) }
        }
        self = try result.get()
    }

    /// Copies and validates a text.
    ///
    /// - Throws: ``JSONError`` with the pointer and the byte offset of what is wrong.
    public init(_ text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        var text = text
        let result = text.withUTF8 { buffer in
            Result { () throws(JSONError) in try JSONDocument(buffer, limits: limits) }
        }
        self = try result.get()
    }

    /// Copies and validates a text.
    ///
    /// - Throws: ``JSONError`` with the pointer and the byte offset of what is wrong.
    public init(_ text: some Sequence<UInt8>, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        try self.init([UInt8](text), limits: limits)
    }

    /// The value that the text is.
    public var root: JSONValue { JSONValue(tape: tape, index: 0) }

    /// The text, byte for byte as it was given.
    public var bytes: [UInt8] {
        [UInt8](UnsafeBufferPointer(start: tape.bytes, count: tape.byteCount))
    }

    /// Calls `body` with the text, without a copy.
    public func withBytes<R>(_ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R {
        try body(UnsafeBufferPointer(start: tape.bytes, count: tape.byteCount))
    }
}
