// SPDX-License-Identifier: Apache-2.0

import XMLStream

/// Two features answer the same payload. The program must not start.
public struct RouterError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is asked with that payload.
    public let type: IQType
    /// The payload both answer.
    public let payload: XMLName
    /// The feature that came first.
    public let first: String
    /// The feature that came second.
    public let second: String

    /// A sentence that names both.
    public var description: String {
        "\(first) and \(second) both answer \(type.rawValue) of <\(payload.local) xmlns='\(payload.namespace)'/>"
    }
}
