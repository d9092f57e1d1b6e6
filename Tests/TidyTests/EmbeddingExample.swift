// SPDX-License-Identifier: Apache-2.0
import Logging
import Stationmaster

/// Attaches the component to the XMPP server and serves until the task is cancelled.
func serveStations() async throws {
    let configuration = try StationmasterConfiguration.load(
        path: "/etc/stationmaster/stationmaster.yaml", environment: [:])
    let service = try StationmasterService(configuration: configuration, logger: Logger(label: "stations"))
    try await service.run()
}
