// SPDX-License-Identifier: Apache-2.0

extension Stanza {
    /// Whether the addressee is the component itself: its bare domain, or nobody in particular.
    public var isToDomain: Bool { to?.isDomain ?? true }
}
