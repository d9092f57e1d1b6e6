// SPDX-License-Identifier: Apache-2.0
import StationModel
import Synchronization

/// Whether simulated stations still measure: at the end they fall silent first, so that what is on its way arrives.
final class SimulationClock: Sendable {
    private let measuring = Atomic<Bool>(true)

    var isMeasuring: Bool { measuring.load(ordering: .relaxed) }
    func stop() { measuring.store(false, ordering: .relaxed) }
}

/// Weather, until the simulation ends.
struct SimulatedSensor: Sensor {
    let weather: WeatherSensor
    let clock: SimulationClock

    func measure(at time: Timestamp) async throws -> [SenMLRecord] {
        clock.isMeasuring ? try await weather.measure(at: time) : []
    }
}
