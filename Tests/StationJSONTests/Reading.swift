// SPDX-License-Identifier: Apache-2.0

import StationJSON

/// The error that a text is refused with, or nil if it is taken.
func refusal(_ text: String, _ limits: JSONLimits = JSONLimits()) -> JSONError? {
    refusal(Array(text.utf8), limits)
}

/// The error that a text is refused with, or nil if it is taken.
func refusal(_ text: [UInt8], _ limits: JSONLimits = JSONLimits()) -> JSONError? {
    do throws(JSONError) {
        _ = try JSONDocument(text, limits: limits)
        return nil
    } catch {
        return error
    }
}

/// The error that `body` throws, or nil.
func failure<T>(_ body: () throws(JSONError) -> T) -> JSONError? {
    do throws(JSONError) {
        _ = try body()
        return nil
    } catch {
        return error
    }
}
