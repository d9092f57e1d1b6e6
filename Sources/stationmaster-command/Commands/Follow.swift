// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import Logging
import NIOPosix
import StationAgent
import StationJSON
import XMPPCore

struct Follow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Log in as a consumer and print what is delivered, one JSON object a line.",
        discussion: """
            With --mode feed every report comes at least once and is acknowledged; a feed goes on where it stopped, \
            after any outage of either side. With --mode live it comes at most once. Ends with a line that counts what \
            was received, what is missing between the first and the last number of each station, and duplicates.
            Items that do not come are told in lines of their own: {"gap":…} when retention has overtaken the feed, \
            {"dropped":…} when headlines were lost, {"quarantined":…} for an item that was set aside.

            Example:
              stationmaster follow --jid weather@example.org --password-file p \\
                  --service devices.example.org
            """)

    @OptionGroup var consumer: ConsumerOptions
    @OptionGroup var output: OutputOption
    @ArgumentParser.Option(help: "The component's domain.") var service: String
    @ArgumentParser.Option(help: "The node: 'all' or 'stations/SERIAL'.") var node = "all"
    @ArgumentParser.Option(help: "feed or live.") var mode = "feed"
    @ArgumentParser.Option(help: "How many items of a feed may be unacknowledged, 1 to 1000.") var window = 100
    @ArgumentParser.Option(help: "Stop after so many seconds; otherwise at SIGTERM or SIGINT.") var seconds: Double?

    func validate() throws {
        guard ["feed", "live"].contains(mode) else { throw ValidationError("--mode takes feed or live") }
        guard (1...1000).contains(window) else { throw ValidationError("--window is between 1 and 1000") }
    }

    func run() async throws {
        guard let component = try? JID(service) else { throw ValidationError("'\(service)' is no address") }
        var settings = InformationServiceSession.Settings(client: try consumer.client(), component: component)
        settings.node = node
        settings.mode = mode == "live" ? .live : .feed(window: window)
        settings.noticed = { Self.write(Self.line($0).text) }
        let session = InformationServiceSession(
            settings, group: MultiThreadedEventLoopGroup.singleton,
            logger: StationProgram.logger(level: ProcessInfo.processInfo.environment["LOG_LEVEL"] ?? "warning"))
        StopFlag.install()
        let seconds = seconds
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await session.run() }
            tasks.addTask {
                for await delivery in session.deliveries { Self.show(delivery) }
            }
            tasks.addTask {
                if let seconds { try? await Task.sleep(for: .seconds(seconds)) } else { await StopFlag.wait() }
            }
            tasks.addTask { await StopFlag.wait() }
            await tasks.next()
            tasks.cancelAll()
        }
        let tally = session.tally
        let summary: JSON = [
            "received": .integer(Int64(tally.received)), "missing": .integer(Int64(tally.missing)),
            "duplicates": .integer(Int64(tally.duplicates)),
        ]
        Self.write(summary.text)
    }

    private static func show(_ delivery: Delivery) {
        let report = (try? JSONDocument(delivery.text))?.root.json ?? .null
        var members: [JSON.Member] = [
            .init("item", .string(delivery.item)), .init("station", .string(delivery.station.localpart ?? "")),
            .init("seq", .integer(delivery.seq)), .init("at", .number(Date().timeIntervalSince1970)),
        ]
        if delivery.isLate { members.append(.init("late", .boolean(true))) }
        members.append(.init("report", report))
        write(JSON.object(members).text)
    }

    private static func line(_ notice: DeliveryNotice) -> JSON {
        switch notice {
        case .gap(let after, let before):
            ["gap": ["after": after.map { .string($0) } ?? .null, "before": .string(before)]]
        case .dropped(let count, let node): ["dropped": ["count": .integer(count), "node": .string(node)]]
        case .quarantined(let item, let node): ["quarantined": ["item": .string(item), "node": .string(node)]]
        }
    }

    /// A line at once, also into a pipe.
    private static func write(_ line: String) { FileHandle.standardOutput.write(Data((TerminalText.json(line) + "\n").utf8)) }
}
