// SPDX-License-Identifier: Apache-2.0
import StationModel

/// Where a station's observations come from.
public protocol Sensor: Sendable {
    /// Measures now. Missing values are left out; nothing at all is an empty list, and no report is made of it.
    /// - Parameter time: when; records carry it.
    /// - Returns: 1…256 records with local names such as `temperature`.
    func measure(at time: Timestamp) async throws -> [SenMLRecord]
}

/// The built-in weather as a sensor: units of RFC 8428 §12.1, rain in the secondary unit `mm` (RFC 8798).
public struct WeatherSensor: Sensor {
    private let model: WeatherModel

    /// Makes a sensor.
    public init(_ model: WeatherModel) { self.model = model }

    public func measure(at time: Timestamp) async throws -> [SenMLRecord] {
        let weather = model.observation(at: time.seconds)
        let values: [(String, String, Double)] = [
            ("temperature", "Cel", weather.temperature), ("humidity", "%RH", weather.humidity),
            ("pressure", "Pa", weather.pressure), ("wind-speed", "m/s", weather.windSpeed),
            ("wind-direction", "deg", weather.windDirection), ("rain", "mm", weather.rain),
        ]
        var records = values.map { SenMLRecord(name: $0.0, unit: $0.1, value: .number($0.2)) }
        // One base time for all: RFC 8428 §4.1.
        records[0].baseTime = time.seconds
        return records
    }
}
