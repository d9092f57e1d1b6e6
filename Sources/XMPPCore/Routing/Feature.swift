// SPDX-License-Identifier: Apache-2.0

/// Something the component understands: one XEP, one file.
///
/// A feature says which documents it follows, registers what it answers, and is switched on by one
/// line where the program is put together. Service discovery and the DOAP file follow from that.
///
/// ```swift
/// struct Echo: Feature {
///     static let specifications = [Specification.xep(9999, "0.1")]
///     func register(on router: inout Router) {
///         router.on(.get, XMLName("echo", "urn:example:echo")) { $0.payload?.element }
///     }
/// }
/// ```
public protocol Feature: Sendable {
    /// The documents the feature follows.
    static var specifications: [Specification] { get }

    /// Registers what the feature answers, forwards and advertises.
    func register(on router: inout Router)
}
