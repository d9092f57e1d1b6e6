// SPDX-License-Identifier: Apache-2.0

extension JSONName {
    /// A name of one to four bytes as a number, the first byte lowest, for switching on; 0 for any other, and for one that
    /// is written with escapes.
    public var code: UInt32 {
        guard !tape.nodes[index].isEscaped else { return 0 }
        let content = tape.content(index)
        guard content.count <= 4 else { return 0 }
        var code: UInt32 = 0
        for place in 0..<content.count { code |= UInt32(content[place]) << UInt32(8 &* place) }
        return code
    }

    /// The code of a short name that is known when the program is built.
    public static func code(_ name: StaticString) -> UInt32 {
        var code: UInt32 = 0
        for place in 0..<min(4, name.utf8CodeUnitCount) { code |= UInt32(name.utf8Start[place]) << UInt32(8 &* place) }
        return code
    }
}
