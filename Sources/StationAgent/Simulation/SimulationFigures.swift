// SPDX-License-Identifier: Apache-2.0
import StationJSON
import Synchronization

/// What a simulation counts while it runs.
public struct SimulationFigures: Hashable, Sendable {
    /// Stations that are meant to run.
    public var stations = 0
    /// Stations that the factory has released.
    public var engraved = 0
    /// Stations on line now.
    public var online = 0
    /// Reports sent, repetitions included.
    public var sent = 0
    /// Reports that the component has committed.
    public var acknowledged = 0
    /// Reports refused or not answered; they are sent again.
    public var unacknowledged = 0
    /// Stations that gave up.
    public var failed = 0
    /// Times the link of a station was lost or not to be had.
    public var offline = 0
    /// Acknowledgements by the time they took: `histogram[n]` counts those within 1.1ⁿ × 0.01 ms.
    var histogram = [Int](repeating: 0, count: 200)

    mutating func count(milliseconds: Double) {
        acknowledged += 1
        var bucket = 0
        var bound = 0.01
        while bound < milliseconds, bucket < histogram.count - 1 {
            bound *= 1.1
            bucket += 1
        }
        histogram[bucket] += 1
    }

    /// The time within which this share of the acknowledgements came, in milliseconds; exact to a tenth of itself.
    public func percentile(_ share: Double) -> Double {
        let total = histogram.reduce(0, +)
        guard total > 0 else { return 0 }
        var seen = 0
        var bound = 0.01
        for count in histogram {
            seen += count
            if Double(seen) >= share * Double(total) { break }
            bound *= 1.1
        }
        return (bound * 100).rounded() / 100
    }

    /// The last line of a simulation.
    public func json(seconds: Double) -> JSON {
        .object([
            "stations": .integer(Int64(stations)), "engraved": .integer(Int64(engraved)),
            "online": .integer(Int64(online)), "reports_sent": .integer(Int64(sent)),
            "reports_acknowledged": .integer(Int64(acknowledged)),
            "reports_unacknowledged": .integer(Int64(unacknowledged)), "failed": .integer(Int64(failed)),
            "p50_ms": .number(percentile(0.5)), "p99_ms": .number(percentile(0.99)),
            "seconds": .number((seconds * 10).rounded() / 10),
        ])
    }
}

/// The figures, shared by all stations of a simulation.
final class SimulationBoard: Sendable {
    private struct State {
        var figures = SimulationFigures()
        var online: Set<Int> = []
    }

    private let state = Mutex(State())

    var figures: SimulationFigures {
        state.withLock { state in
            var figures = state.figures
            figures.online = state.online.count
            return figures
        }
    }

    func change(_ body: (inout SimulationFigures) -> Void) { state.withLock { body(&$0.figures) } }

    /// Notes what a station says.
    func note(_ event: AgentEvent, of station: Int) {
        state.withLock { state in
            switch event {
            case .online: state.online.insert(station)
            case .offline:
                state.online.remove(station)
                state.figures.offline += 1
            case .sent: state.figures.sent += 1
            case .acknowledged(_, let milliseconds): state.figures.count(milliseconds: milliseconds)
            case .unacknowledged: state.figures.unacknowledged += 1
            case .loggedIn, .installed, .taken: break
            }
        }
    }
}
