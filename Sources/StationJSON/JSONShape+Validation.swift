// SPDX-License-Identifier: Apache-2.0

extension JSONShape {
    /// Checks a value. Whoever checks many values of one shape makes one ``JSONValidator`` and keeps it.
    ///
    /// - Throws: ``JSONError`` at the first thing that does not fit.
    public func validate(_ value: JSONValue) throws(JSONError) { try JSONValidator(self).validate(value) }

    /// Whether a value fits.
    public func accepts(_ value: JSONValue) -> Bool { JSONValidator(self).accepts(value) }
}
