// SPDX-License-Identifier: Apache-2.0
import StationModel
import Testing

@testable import StationAgent

@Suite struct WeatherModelTests {
    private static let start = 1_795_413_600.0

    @Test func `the same seed, place and time give the same weather, in any order`() {
        let one = WeatherModel(seed: 7)
        let other = WeatherModel(seed: 7)
        let times = (0..<500).map { Self.start + Double($0) * 977 }
        let forward = times.map { one.observation(at: $0) }
        let backward = times.reversed().map { other.observation(at: $0) }
        #expect(forward == backward.reversed())
        #expect(forward != times.map { WeatherModel(seed: 8).observation(at: $0) })
    }

    @Test(arguments: [(48.2, 16.4, 180.0), (-33.9, 151.2, 10.0), (69.6, 18.9, 5.0), (0.0, -78.5, 2850.0), (-89.0, 0.0, 2835.0)])
    func `every value is within its range all year`(latitude: Double, longitude: Double, altitude: Double) {
        for seed in 0..<5 {
            let model = WeatherModel(
                seed: UInt64(seed), latitude: latitude, longitude: longitude, altitude: altitude)
            for hour in stride(from: 0, to: 365 * 24, by: 7) {
                let weather = model.observation(at: Self.start + Double(hour) * 3600)
                #expect((-60...60).contains(weather.temperature))
                #expect((5...100).contains(weather.humidity))
                #expect((60_000...106_000).contains(weather.pressure))
                #expect((0...45).contains(weather.windSpeed))
                #expect((0..<360).contains(weather.windDirection))
                #expect((0...60).contains(weather.rain))
            }
        }
    }

    @Test func `afternoons are warmer than nights, and summers than winters`() {
        let model = WeatherModel(seed: 3, latitude: 48.2, longitude: 0, altitude: 180)
        func mean(_ from: Double, _ hour: Double) -> Double {
            (0..<60).map { model.observation(at: from + Double($0) * 86_400 + hour * 3600).temperature }.reduce(0, +) / 60
        }
        let june = 1_780_272_000.0  // 2026-06-01
        let december = 1_796_083_200.0  // 2026-12-01
        #expect(mean(june, 15) > mean(june, 3) + 4)
        #expect(mean(june, 12) > mean(december, 12) + 8)
    }

    @Test func `it rains sometimes, and not always`() {
        let model = WeatherModel(seed: 5)
        let wet = (0..<2000).filter { model.observation(at: Self.start + Double($0) * 3600).rain > 0 }.count
        #expect(wet > 50)
        #expect(wet < 1200)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, -1e300, 1e300, -5])
    func `no time makes it trap`(time: Double) {
        _ = WeatherModel(seed: 1, latitude: .nan, longitude: .infinity, altitude: -1e9).observation(at: time)
    }

    @Test func `its records are SenML with registered units, one base time, and sensible names`() async throws {
        let time = Timestamp(milliseconds: 1_795_413_600_000)
        let records = try await WeatherSensor(WeatherModel(seed: 1)).measure(at: time)
        #expect(records.map(\.name) == ["temperature", "humidity", "pressure", "wind-speed", "wind-direction", "rain"])
        for record in records { #expect(SenMLUnit(record.unit ?? "") != nil, "\(record.unit ?? "none")") }
        let resolved = try SenMLPack(records).resolve(now: time)
        #expect(resolved.allSatisfy { $0.time == 1_795_413_600 })
    }
}
