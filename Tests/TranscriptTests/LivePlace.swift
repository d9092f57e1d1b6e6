// SPDX-License-Identifier: Apache-2.0
import Foundation
import LiveServers

/// The real servers on which plays are given.
///
/// A server has to trust the folder that `stationmaster init` made (`STATIONMASTER_TRUST`), as in `Tests/run`:
/// ```sh
/// STATIONMASTER_LIVE_PROSODY=/tmp/prosody.json swift test --no-parallel --filter TranscriptTests.Live
/// ```
enum LivePlace {
    /// Those that are there; for each other one a line says so.
    static let all = LiveServer.described(otherwise: "no play is given on").filter { place in
        let configuration = place.authority + "/stationmaster.yaml"
        let isThere = FileManager.default.fileExists(atPath: configuration)
        if !isThere { print("SKIPPED: there is no \(configuration), so no play is given on this \(place.server)") }
        return isThere
    }
}
