// SPDX-License-Identifier: Apache-2.0

/// How large and how deep a JSON text may be before it is refused.
public struct JSONLimits: Hashable, Sendable {
    /// The longest text, in bytes. A stanza is at most 256 KiB, and a payload is one part of it.
    public var bytes = 65_536
    /// How many arrays and objects may stand inside each other. `[]` has a depth of 1. Never more than ``deepest``.
    public var depth = 32

    /// The depth that no limit can exceed, so that walking a document on the call stack is always safe.
    public static let deepest = 512
    /// The size that no limit can exceed: offsets in the tape are 32 bits wide.
    public static let longest = 1 << 28

    /// The default limits: 64 KiB and 32 levels.
    public init() {}

    /// Limits of one's own.
    ///
    /// - Parameters:
    ///   - bytes: the longest text; values outside 0…``longest`` are brought into it.
    ///   - depth: the deepest nesting; values outside 0…``deepest`` are brought into it.
    public init(bytes: Int = 65_536, depth: Int = 32) {
        self.bytes = bytes
        self.depth = depth
    }

    var allowedBytes: Int { min(max(bytes, 0), Self.longest) }
    var allowedDepth: Int { min(max(depth, 0), Self.deepest) }
}
