// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    /// An error that names this value's place.
    public func error(_ reason: String) -> JSONError { JSONError(pointer: pointer, reason: reason) }

    /// This value, if it is an object.
    ///
    /// - Throws: ``JSONError`` at this value.
    @discardableResult public func requireObject() throws(JSONError) -> JSONValue {
        guard node.kind == Node.object else { throw error("must be an object") }
        return self
    }

    /// The items, if this is an array.
    ///
    /// - Throws: ``JSONError`` at this value.
    public func requireArray() throws(JSONError) -> [JSONValue] {
        guard node.kind == Node.array else { throw error("must be an array") }
        return items
    }

    /// The text, if this is a string.
    ///
    /// - Throws: ``JSONError`` at this value.
    public func requireString() throws(JSONError) -> String {
        guard let string else { throw error("must be a string") }
        return string
    }

    /// The integer, if this is one and lies in the range. `1.0` is an integer, as in JSON Schema.
    ///
    /// - Throws: ``JSONError`` at this value.
    public func requireInt64(in range: ClosedRange<Int64> = .min ... .max) throws(JSONError) -> Int64 {
        guard let int64 else { throw error("must be an integer") }
        guard range.contains(int64) else { throw error(rangeReason(range)) }
        return int64
    }

    /// The number, if this is one and lies in the range.
    ///
    /// - Throws: ``JSONError`` at this value.
    public func requireDouble(
        in range: ClosedRange<Double> = -.greatestFiniteMagnitude ... .greatestFiniteMagnitude
    ) throws(JSONError) -> Double {
        guard let double else { throw error("must be a number") }
        guard range.contains(double) else { throw error("must be a number from \(range.lowerBound) to \(range.upperBound)") }
        return double
    }

    /// True or false, if this is one of them.
    ///
    /// - Throws: ``JSONError`` at this value.
    public func requireBool() throws(JSONError) -> Bool {
        guard let bool else { throw error("must be true or false") }
        return bool
    }

    /// The member of that name.
    ///
    /// - Throws: ``JSONError`` at this value if it is no object, and at the missing member if there is none.
    public func require(_ key: String) throws(JSONError) -> JSONValue {
        try requireObject()
        guard let value = self[key] else {
            throw JSONError(pointer: pointer + "/" + pointerToken(key), reason: "required member is missing")
        }
        return value
    }
}

/// The sentence for an integer outside its range.
func rangeReason(_ range: ClosedRange<Int64>) -> String {
    switch (range.lowerBound, range.upperBound) {
    case (.min, .max): "must be an integer of 64 bits"
    case (let lower, .max): "must be an integer of at least \(lower)"
    default: "must be an integer from \(range.lowerBound) to \(range.upperBound)"
    }
}
