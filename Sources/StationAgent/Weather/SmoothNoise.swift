// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A random curve that is the same for the same seed, at any time and in any order: lattice points are hashed, and what
/// lies between them is interpolated smoothly.
struct SmoothNoise: Sendable {
    let seed: UInt64
    /// Seconds between lattice points: how fast the curve changes.
    let period: Double

    init(seed: UInt64, channel: UInt64, period: Double) {
        self.seed = Self.mix(seed ^ Self.mix(channel &+ 0x9E37_79B9_7F4A_7C15))
        self.period = period
    }

    /// A value between -1 and 1.
    func value(at seconds: Double) -> Double {
        let place = seconds / period
        let floorPlace = place.rounded(.down)
        guard let left = Int64(exactly: floorPlace) else { return 0 }
        let fraction = place - floorPlace
        let weight = fraction * fraction * (3 - 2 * fraction)
        return lattice(left) * (1 - weight) + lattice(left &+ 1) * weight
    }

    private func lattice(_ index: Int64) -> Double {
        Double(Self.mix(seed &+ UInt64(bitPattern: index)) >> 11) / Double(1 << 53) * 2 - 1
    }

    /// SplitMix64's finalizer.
    static func mix(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
