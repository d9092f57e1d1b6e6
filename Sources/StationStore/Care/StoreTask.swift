// SPDX-License-Identifier: Apache-2.0
import StationJSON

/// Long work on a store, in slices. One thread at a time runs it; which one may change from slice to slice.
package protocol StoreTask: AnyObject, Sendable {
    /// Runs a slice of some milliseconds. False once there is nothing left to do.
    func step() throws -> Bool
    /// How far it is.
    var progress: StoreProgress { get }
    /// What came of it, once it is done.
    var result: JSON { get }
}

/// How far a ``StoreTask`` is.
package struct StoreProgress: Sendable {
    /// What it is doing, for people.
    package var stage: String
    /// Of ``total``.
    package var done: Int64
    /// Bytes, as far as they are known.
    package var total: Int64

    package init(stage: String, done: Int64, total: Int64) {
        self.stage = stage
        self.done = done
        self.total = total
    }
}
