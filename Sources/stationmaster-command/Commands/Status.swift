// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import StationJSON

struct StatusQuery: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "How the component is.",
        discussion: """
            'dropped' are live deliveries lost since the start, 'waiting' what the server has not taken yet.

            Example: stationmaster status
            """)
    @OptionGroup var asking: Asking

    func run() throws {
        try asking.show("status", [], Self.text)
    }

    static func text(_ answer: JSON) -> String {
        var states: [String] = []
        if case .object(let members)? = answer["stations"] {
            states = members.map { "\(answer["stations"]?.cell($0.key) ?? "") \(TerminalText.safe($0.key))" }
        }
        return """
            \(answer.cell("domain")) \(answer.cell("version")), process \(answer.cell("pid")), \
            up \(Int(answer["uptime"]?.double ?? 0)) s
            link: \(answer.cell("link"))
            stations: \(states.isEmpty ? "none" : states.joined(separator: ", ")); online: \(answer.cell("online"))
            reports: \(answer.cell("reports")) since the start
            deliveries: \(answer.cell("subscriptions")) subscriptions, \(answer.cell("dropped")) dropped, \
            \(answer.cell("waitingBytes")) bytes waiting, \(answer.cell("quarantined")) quarantined
            store: \(answer.cell("store"))
            """
    }
}
