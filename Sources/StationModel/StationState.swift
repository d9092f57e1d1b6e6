// SPDX-License-Identifier: Apache-2.0

/// Where a station stands in its life. The raw values are the words in tables, JSON, logs and screens.
public enum StationState: String, Hashable, Sendable, CaseIterable {
    /// Its owner expects it; it has not been seen.
    case announced
    /// Its identity is being made in the factory.
    case engraving
    /// It has its identity, but has not confirmed that it is stored.
    case engraved
    /// It has left the factory and may be introduced.
    case released
    /// It has shown its identity to the owner's component.
    case introduced
    /// It belongs to its owner's fleet: it reports and takes jobs.
    case installed
    /// Its owner holds it back for a while.
    case suspended
    /// Its credentials are void.
    case revoked
    /// It has ended its service; the serial is never used again.
    case retired
}
