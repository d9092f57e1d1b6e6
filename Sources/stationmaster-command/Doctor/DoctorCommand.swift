// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import StationAgent
import StationJSON
import XMPPClient

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look at configuration, keys, store and server, and follow one report from a test station to a consumer.",
        discussion: """
            Names the hop that fails and the server's line to change. The test station has a serial of its own \
            (doctor-…); it is engraved, installed, reports, and is revoked again. With --jid a report is followed to \
            a consumer, else it ends at the acknowledgement. The consumer is subscribed to the test station alone, \
            under a resource of its own: its other subscriptions are not touched. Whoever has a grant for all \
            stations gets the test reports as well. Ctrl-C stops it, and it clears up behind itself in any case.

            Example:
              stationmaster doctor --client-port 5222
              stationmaster doctor --jid weather@example.org --password-file p
            """)

    @OptionGroup var asking: Asking
    @ArgumentParser.Option(help: "The server's client port (STARTTLS).") var clientPort = 5222
    @ArgumentParser.Option(
        name: .customLong("ca"), help: "Who vouches for the server: a PEM file, 'system', or 'loopback' (anyone, this machine only).")
    var trust = "system"
    @ArgumentParser.Option(name: .customLong("jid"), help: "A consumer's bare JID, to follow the report to.") var address: String?
    @ArgumentParser.Option(help: "The file that holds the consumer's password, mode 0600.") var passwordFile: String?

    func validate() throws {
        guard (address == nil) == (passwordFile == nil) else {
            throw ValidationError("--jid and --password-file belong together")
        }
    }

    func run() async throws {
        let examination = Examination(showsLines: !asking.json)
        let doctor = Doctor(
            asking: asking, clientPort: clientPort, trust: ConnectionSettings.trustRoots(trust),
            consumer: address, passwordFile: passwordFile, examination: examination)
        StopFlag.install()
        try await withThrowingTaskGroup(of: Bool.self) { tasks in
            tasks.addTask {
                do { try await doctor.run() } catch is Examination.Ended {}
                return true
            }
            tasks.addTask {
                await StopFlag.wait()
                return false
            }
            while let isDone = try await tasks.next(), !isDone { tasks.cancelAll() }
            tasks.cancelAll()
        }
        if asking.json {
            let rows = examination.findings.map { finding -> JSON in
                .object([
                    "hop": .string(finding.hop), "ok": .boolean(finding.isSound), "text": .string(finding.text),
                    "remedy": finding.remedy.map(JSON.string),
                ])
            }
            print(JSON.object(["ok": .boolean(examination.isSound), "hops": .array(rows)]).printed, terminator: "")
        } else {
            print(examination.isSound ? "all is well" : "not well: see the last hop")
        }
        if !examination.isSound { throw ExitCode.failure }
    }
}
