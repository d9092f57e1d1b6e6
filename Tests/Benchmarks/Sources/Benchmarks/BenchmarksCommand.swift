// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// What of the benchmarks is Swift: the fixture, and the measurements inside one process. `Tests/Benchmarks/run` calls it.
@main
struct BenchmarksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stationmaster-benchmarks",
        abstract: "Fixtures and in-process measurements for Stationmaster.",
        subcommands: [FixtureCommand.self, HistoryCommand.self, MicroCommand.self])
}
