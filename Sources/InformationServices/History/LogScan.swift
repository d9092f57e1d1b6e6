// SPDX-License-Identifier: Apache-2.0

/// What a look at a part of the log has found: where reports stand, not what they say.
public struct LogScan: Hashable, Sendable {
    /// A report.
    public struct Place: Hashable, Sendable {
        /// Its position in the log.
        public let position: Int64
        /// The publisher's number.
        public let publisher: Int64

        public init(position: Int64, publisher: Int64) {
            self.position = position
            self.publisher = publisher
        }
    }

    /// In the order in which the log was looked through.
    public var found: [Place] = []
    /// Everything up to this position was looked at; where the log is looked through backwards, everything from it on.
    public var reached: Int64
    /// Whether there is nothing beyond it.
    public var isEnd = false
    /// Whether it ended before something that cannot be looked at now: go on after a moment.
    public var isHeld = false

    public init(reached: Int64) { self.reached = reached }
}
