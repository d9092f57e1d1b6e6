// SPDX-License-Identifier: Apache-2.0

/// A unit of the IANA SenML registries (RFC 8428 §12.1, RFC 8798).
///
/// Records may carry other units; then there is nothing to convert.
public struct SenMLUnit: Hashable, Sendable {
    /// The symbol on the wire, such as `Cel`.
    public let symbol: String
    /// What it is, in words.
    public let meaning: String
    /// For a secondary unit (RFC 8798 §3): the primary unit that it turns into.
    public let primary: String
    /// Primary value = secondary value × scale + offset; 1 for primary units.
    public let scale: Double
    /// See ``scale``; 0 for primary units.
    public let offset: Double

    /// Whether the unit stands in the primary registry.
    public var isPrimary: Bool { primary == symbol }

    /// The registered unit of that symbol; nil if there is none. Symbols are compared exactly.
    public init?(_ symbol: String) {
        guard let unit = Self.bySymbol[symbol] else { return nil }
        self = unit
    }

    init(_ symbol: String, _ meaning: String, primary: String? = nil, scale: Double = 1, offset: Double = 0) {
        self.symbol = symbol
        self.meaning = meaning
        self.primary = primary ?? symbol
        self.scale = scale
        self.offset = offset
    }

    /// A value of this unit in its primary unit.
    public func primaryValue(_ value: Double) -> Double { value * scale + offset }

    /// All registered units: the primary ones, then the secondary ones.
    public static let all: [SenMLUnit] = primaryUnits + secondaryUnits

    private static let bySymbol = Dictionary(all.map { ($0.symbol, $0) }, uniquingKeysWith: { first, _ in first })
}
