// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import StationAgent
import XMPPCore

/// `station simulate`
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Runs many stations in one process: engraves, introduces, reports.",
        discussion: """
            Each station has a folder of its own under --directory; folders that hold an identity are used as they
            are, so a second run needs no factory. Serials are the prefix and a number (sim-1, sim-2, …); open a batch
            for them first, and announce them. The last line on standard output is JSON:

              {"stations":100,"engraved":100,"online":100,"reports_sent":600,…}

            Examples:
              station simulate --stations 100 --seconds 60 --directory /tmp/stations --component devices.localhost \\
                --factory-host factory.localhost --host 127.0.0.1 --trust loopback
              station simulate --stations 1000 --interval 10 --logins-per-second 50 --encoding json …
            """)

    @Option(help: "How many stations.")
    var stations = 10

    @Option(help: "How long they report, in seconds from the first login.")
    var seconds = 60.0

    @Option(help: "Seconds between the reports of one station; 0: as often as the component asks for.")
    var interval = 10.0

    @Option(help: "The seed of the weather.")
    var seed: UInt64 = 1

    @Option(help: "The beginning of every serial.")
    var prefix = "sim-"

    @Option(help: "The model.")
    var model = "simulated"

    @Option(help: "The hardware class.")
    var hardware = "sim"

    @Option(help: "The folder of the identity folders.")
    var directory: String

    @Option(help: "The XMPP domain of the factory, logged in to anonymously; default: nobody is engraved.")
    var factoryHost: String?

    @Option(help: "Logins a second, over all stations; 0: no limit.")
    var loginsPerSecond = 20.0

    @Option(help: "How IQs travel: xml, or json (XEP-0295 in a container).")
    var encoding = Encoding.xml

    @Option(help: "Unacknowledged reports of one station.")
    var window = 16

    @Flag(help: "Takes updates, and installs them by doing nothing.")
    var acceptUpdates = false

    @Option(help: "The least weighty log lines: debug, info, warning, error.")
    var logLevel = "error"

    @OptionGroup var login: LoginOptions
    @OptionGroup var output: OutputOption

    enum Encoding: String, ExpressibleByArgument, CaseIterable {
        case xml, json
    }

    func validate() throws {
        guard (1...100_000).contains(stations) else { throw ValidationError("--stations is 1 to 100000") }
        guard seconds > 0, seconds <= 31_536_000, (0...86_400).contains(interval), loginsPerSecond >= 0 else {
            throw ValidationError("--seconds is more than 0 and at most a year, --interval at most a day, --logins-per-second at least 0")
        }
    }

    func run() async throws {
        var settings = Simulation.Settings(component: try login.componentAddress())
        settings.stations = stations
        settings.seconds = seconds
        settings.interval = interval > 0 ? interval : nil
        settings.seed = seed
        settings.prefix = prefix
        settings.model = model
        settings.hardware = hardware
        settings.directory = directory
        settings.factory = try factoryHost.map { try login.factory($0) }
        settings.connection.host = login.host
        settings.connection.port = login.port
        // Certificates need TLS, also where the factory does without.
        settings.connection.security = login.security == .tls ? .directTLS : .startTLS
        settings.connection.trustRoots = ConnectionSettings.trustRoots(login.trust)
        settings.encoding = encoding == .json ? .json : .xml
        settings.window = window
        settings.loginsPerSecond = loginsPerSecond
        settings.acceptsUpdates = acceptUpdates
        let simulation = Simulation(settings, logger: StationProgram.logger(level: logLevel))
        let line = ProgressLine()
        let begun = ContinuousClock.now
        let result = try await simulation.run { figures in
            let second = Int(begun.duration(to: .now) / .seconds(1))
            line.show(
                "\(second) s: \(figures.engraved) engraved, \(figures.online) of \(figures.stations) on line, "
                    + "\(figures.sent) reports sent, \(figures.acknowledged) acknowledged", second: second)
        }
        line.end()
        print(result.figures.json(seconds: result.seconds).text)
    }
}
