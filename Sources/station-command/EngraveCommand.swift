// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import StationAgent
import StationJSON
import StationSettings

/// `station engrave`
struct EngraveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engrave",
        abstract: "Gives a factory-new unit its identity (UC007-1).",
        discussion: """
            The unit makes a P-256 key, proves to the component that it holds it, stores the certificate it is given,
            and confirms that it is stored. The serial must stand in an open batch. The command may be run again at
            any time: it takes up where it stopped, and a unit that is released already is left alone.

            Examples:
              station engrave --serial wx-0042 --model ws-1 --hardware rev-b --directory /var/lib/station \\
                --factory-host factory.example --component stations.example.org
              station engrave --serial wx-0042 --model ws-1 --hardware rev-b --directory ./wx-0042 \\
                --entropy ./noise.bin --host 127.0.0.1 --trust loopback \\
                --factory-host factory.localhost --component devices.localhost
            """)

    @ArgumentParser.Option(help: "The serial: 1 to 64 letters, digits, '.', '_', '-'.")
    var serial: String

    @ArgumentParser.Option(help: "The model.")
    var model: String

    @ArgumentParser.Option(help: "The hardware class; updates name the classes that they fit.")
    var hardware: String

    @ArgumentParser.Option(help: "A file whose bytes are mixed into the generator before the key is made.")
    var entropy: String?

    @ArgumentParser.Option(help: "The identity folder; made if it is not there.")
    var directory: String

    @ArgumentParser.Option(help: "The XMPP domain of the factory.")
    var factoryHost: String

    @ArgumentParser.Option(help: "A factory account (NAME@DOMAIN); default: log in anonymously.")
    var account: String?

    @ArgumentParser.Option(help: "The file that holds the account's password, mode 0600.")
    var passwordFile: String?

    @OptionGroup var login: LoginOptions
    @OptionGroup var output: OutputOption

    func run() async throws {
        let password = try passwordFile.map { try SecretFile.password($0) }
        let request = StationProgram.EngraveRequest(
            serial: serial, model: model, hardware: hardware, entropyFile: entropy, directory: directory,
            component: try login.componentAddress().description,
            client: try login.factory(factoryHost, account: account, password: password))
        try await StationProgram.engrave(request)
        let answer: JSON = ["serial": .string(serial), "directory": .string(directory)]
        print(output.isJSON ? answer.text : "\(serial) is engraved and released; its identity is in \(directory)")
    }
}
