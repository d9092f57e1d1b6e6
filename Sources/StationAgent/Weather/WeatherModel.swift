// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Plausible weather that is the same for the same seed, place and time.
///
/// It is meant for demonstrations, tests and simulations, not for forecasts: seasons and days come from the sun's
/// place, highs and lows pass in about three days, rain comes with the lows, and moist air follows the rain.
public struct WeatherModel: Sendable {
    /// What a station measures at one moment.
    public struct Observation: Hashable, Sendable {
        /// Air temperature in degrees Celsius, -60…60.
        public var temperature: Double
        /// Relative humidity in percent, 5…100.
        public var humidity: Double
        /// Pressure at the station in pascal.
        public var pressure: Double
        /// Wind speed in metres a second, 0…45.
        public var windSpeed: Double
        /// Where the wind comes from, in degrees, 0..<360.
        public var windDirection: Double
        /// Rain of the last hour in millimetres, 0…60.
        public var rain: Double
    }

    /// Degrees north.
    public let latitude: Double
    /// Degrees east; sets the hour of the sun.
    public let longitude: Double
    /// Metres above the sea; sets the mean pressure and cools the air.
    public let altitude: Double
    private let synoptic: SmoothNoise
    private let breeze: SmoothNoise
    private let gust: SmoothNoise
    private let turn: SmoothNoise
    private let cloud: SmoothNoise
    private let shower: SmoothNoise
    private let warmth: SmoothNoise

    /// Makes the weather of one place. Values out of range are brought into it.
    public init(seed: UInt64, latitude: Double = 48.2, longitude: Double = 16.4, altitude: Double = 180) {
        self.latitude = min(max(latitude.isFinite ? latitude : 0, -90), 90)
        self.longitude = min(max(longitude.isFinite ? longitude : 0, -180), 180)
        self.altitude = min(max(altitude.isFinite ? altitude : 0, -430), 9000)
        synoptic = SmoothNoise(seed: seed, channel: 1, period: 70 * 3600)
        breeze = SmoothNoise(seed: seed, channel: 2, period: 5 * 3600)
        gust = SmoothNoise(seed: seed, channel: 3, period: 300)
        turn = SmoothNoise(seed: seed, channel: 4, period: 11 * 3600)
        cloud = SmoothNoise(seed: seed, channel: 5, period: 3 * 3600)
        shower = SmoothNoise(seed: seed, channel: 6, period: 2700)
        warmth = SmoothNoise(seed: seed, channel: 7, period: 40 * 3600)
    }

    /// The weather at a time.
    /// - Parameter seconds: UTC seconds since 1970.
    public func observation(at seconds: Double) -> Observation {
        let seconds = seconds.isFinite ? min(max(seconds, 0), 1e11) : 0
        let low = -synoptic.value(at: seconds)
        let rate = rainRate(at: seconds)
        let clearness = 1 - 0.6 * max(0, low) - 0.25 * (cloud.value(at: seconds) + 1) / 2
        let day = dayCurve(at: seconds)
        let temperature =
            meanTemperature(at: seconds) + 6.5 * day * max(0.2, clearness) + 4 * warmth.value(at: seconds)
            - 0.25 * min(rate, 8)
        let humidity = 68 - 22 * day * max(0.2, clearness) + 14 * low + min(18, rate * 6) + 4 * gust.value(at: seconds)
        let wind = max(0, 2.6 + 2.2 * day + 4 * max(0, low) + 3 * breeze.value(at: seconds) + gust.value(at: seconds))
        let direction = 250 + 110 * turn.value(at: seconds) + 12 * gust.value(at: seconds)
        return Observation(
            temperature: Self.rounded(min(max(temperature, -60), 60), 10),
            humidity: Self.rounded(min(max(humidity, 5), 100), 10),
            pressure: ((meanPressure - 1500 * low - 40 * breeze.value(at: seconds)) / 10).rounded() * 10,
            windSpeed: Self.rounded(min(wind, 45), 10),
            windDirection: (direction + 720).rounded().truncatingRemainder(dividingBy: 360),
            rain: Self.rounded(hourOfRain(to: seconds), 10))
    }

    private var meanPressure: Double { 101_325 * pow(1 - 2.25577e-5 * altitude, 5.25588) }

    /// -1 before dawn, 1 in the early afternoon, by the sun's hour at this longitude.
    private func dayCurve(at seconds: Double) -> Double {
        let hour = (seconds / 3600 + longitude / 15).truncatingRemainder(dividingBy: 24)
        return cos((hour - 15) / 24 * 2 * .pi)
    }

    private func meanTemperature(at seconds: Double) -> Double {
        let year = seconds / (365.2425 * 86400)
        let season = -cos((year - 20 / 365.0) * 2 * .pi)
        let poleward = abs(latitude) / 90
        let mean = 27 - 45 * poleward * poleward - 6 * poleward
        return mean + (latitude < 0 ? -1 : 1) * 14 * poleward * season - 0.0065 * altitude
    }

    /// Millimetres an hour: only in a low, and then in showers.
    private func rainRate(at seconds: Double) -> Double {
        let low = max(0, -synoptic.value(at: seconds) - 0.15)
        let wet = max(0, cloud.value(at: seconds) + 0.1) * (0.4 + 0.6 * max(0, shower.value(at: seconds)))
        return min(60, low * wet * 14)
    }

    private func hourOfRain(to seconds: Double) -> Double {
        var sum = 0.0
        for step in 0..<6 { sum += rainRate(at: seconds - Double(step) * 600) }
        return sum / 6
    }

    private static func rounded(_ value: Double, _ parts: Double) -> Double { (value * parts).rounded() / parts }
}
