// SPDX-License-Identifier: Apache-2.0
import StationModel

/// What of a table has changed since whoever derives something from it has looked: single stations, or more.
struct TableChanges {
    /// More than the stations that are listed.
    private(set) var isBroad = true
    private(set) var stations: [Serial] = []

    /// Beyond this it is simpler to derive everything anew.
    private static let mostStations = 1024

    @inline(__always)
    var isEmpty: Bool { !isBroad && stations.isEmpty }

    /// Something that concerns this station alone has changed; nil: something that concerns more.
    mutating func note(_ station: Serial?) {
        if isBroad { return }
        if let station, stations.count < Self.mostStations { return stations.append(station) }
        isBroad = true
        stations = []
    }

    mutating func clear() {
        isBroad = false
        stations.removeAll(keepingCapacity: true)
    }
}
