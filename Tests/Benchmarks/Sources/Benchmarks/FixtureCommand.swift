// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation

/// `fixture`: a folder with which `stationmaster run` can be attached to a harness at once.
struct FixtureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fixture",
        abstract: "Write a store and a configuration with stations that are online and consumers that are subscribed.",
        discussion: """
            Stations ws0…@localhost are installed and may report; consumers sub0…@localhost are granted all stations \
            and subscribed live to all. Then: stationmaster run --config DIR/stationmaster.yaml
            """)

    @Option(name: .customLong("dir"), help: "The folder; made anew.") var folder: String
    @Option(help: "How many stations report.") var stations = 10
    @Option(help: "How many consumers receive every report.") var subscribers = 0
    @Option(help: "How many subscriptions match none of those stations.") var idleSubscribers = 0
    @Option(help: "The component's domain.") var domain = "devices.localhost"
    @Option(help: "The secret shared with the server or harness.") var secret = "secret"
    @Option(help: "The domain of stations and consumers.") var clients = "localhost"
    @Option(help: "The port of the server or harness on 127.0.0.1.") var port = 5347

    @Flag(help: "Each station has reported once; its next report has seq 2.") var reported = false

    func validate() throws {
        guard (0...10_000_000).contains(stations), (0...1_000_000).contains(subscribers),
            (0...1_000_000).contains(idleSubscribers), (1...65_535).contains(port)
        else { throw ValidationError("a number is out of range") }
    }

    func run() throws {
        let fixture = Fixture(
            folder: URL(fileURLWithPath: folder).path, stations: stations, subscribers: subscribers,
            idleSubscribers: idleSubscribers, domain: domain, clients: clients, secret: secret, port: port,
            haveReported: reported)
        print(try fixture.write())
    }
}
