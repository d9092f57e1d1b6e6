// SPDX-License-Identifier: Apache-2.0

/// A shape made ready to check many values: flat tables instead of a tree, nothing is allocated while a value fits.
public struct JSONValidator: Sendable {
    private let tables: ShapeTables

    /// Prepares a shape.
    public init(_ shape: JSONShape) { tables = ShapeTables(shape) }

    /// Checks a value.
    ///
    /// - Throws: ``JSONError`` at the first thing that does not fit.
    public func validate(_ value: JSONValue) throws(JSONError) {
        if let misfit = misfit(value) { throw misfit.error(value.tape, tables) }
    }

    /// Whether a value fits.
    public func accepts(_ value: JSONValue) -> Bool { misfit(value) == nil }

    private func misfit(_ value: JSONValue) -> ShapeMisfit? {
        withExtendedLifetime(value.tape) {
            tables.rules.withUnsafeBufferPointer { rules in
                tables.members.withUnsafeBufferPointer { members in
                    tables.words.withUnsafeBufferPointer { words in
                        tables.bytes.withUnsafeBufferPointer { bytes in
                            let run = ShapeRun(
                                text: UnsafePointer(value.tape.bytes), nodes: UnsafePointer(value.tape.nodes),
                                rules: rules, members: members, words: words, bytes: bytes)
                            return run.check(tables.root, value.index)
                        }
                    }
                }
            }
        }
    }
}
