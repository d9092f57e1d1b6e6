// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import StationCore
import StationDigest
import StationJSON
import StationPKI
import StationProtocol
import Stationmaster

struct ReleaseCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Release keys and signed manifests of software.",
        discussion: "'key' and 'sign' need no component and belong on a machine that is off line.",
        subcommands: [MakeKey.self, Sign.self, Trust.self, Keys.self])

    struct MakeKey: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "key", abstract: "Make a release key: FILE (mode 0600) and FILE.pub.")
        @ArgumentParser.Option(help: "Where the private key goes.") var out: String

        func run() throws {
            let key = try P256PrivateKey()
            try Secrets.write(key.pem, to: out, overwriting: false)
            let text = Base64URL.encode(key.publicKey.point) + "\n"
            try Data(text.utf8).write(to: URL(fileURLWithPath: out + ".pub"))
            print("release key \(key.publicKey.keyIdentifier) is in \(out); trust it with: stationmaster release trust \(out).pub")
        }
    }

    struct Sign: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign a manifest for an artifact.",
            discussion: """
                Example: stationmaster release sign --key release.key --id wx-2.0 --sequence 2 --version 2.0 \
                --hardware rev-b --artifact firmware.bin --uri https://example.org/firmware.bin --out manifest.json
                """)
        @ArgumentParser.Option(help: "The release key.") var key: String
        @ArgumentParser.Option(help: "The release's name.") var id: String
        @ArgumentParser.Option(help: "Grows with each release; a station takes only a higher one.") var sequence: Int64
        @ArgumentParser.Option(help: "The version as people call it.") var version: String
        @ArgumentParser.Option(help: "Hardware classes it is for.") var hardware: [String]
        @ArgumentParser.Option(help: "Who made it.") var vendor = "Stationmaster"
        @ArgumentParser.Option(help: "Sequences from which a station may go to this one; any if not given.") var from: [Int64] = []
        @ArgumentParser.Option(help: "The file to install.") var artifact: String
        @ArgumentParser.Option(help: "Where stations get it: https, http or file.") var uri: [String]
        @ArgumentParser.Option(help: "The artifact's format.") var format = "raw"
        @ArgumentParser.Option(help: "For how many days the manifest is good.") var days = 90.0
        @ArgumentParser.Option(help: "Where the signed manifest goes.") var out: String

        func run() throws {
            guard let text = FileManager.default.contents(atPath: key) else { throw ValidationError("cannot read \(key)") }
            let signer = try P256PrivateKey(pem: String(decoding: text, as: UTF8.self))
            guard let handle = FileHandle(forReadingAtPath: artifact) else { throw ValidationError("cannot read \(artifact)") }
            var hasher = SHA256Hasher()
            var size: Int64 = 0
            while let chunk = try handle.read(upToCount: 1 << 20), !chunk.isEmpty {
                chunk.withUnsafeBytes { hasher.update($0) }
                size += Int64(chunk.count)
            }
            let manifest = Manifest(
                id: id, sequence: sequence, vendor: vendor, hardware: hardware, version: version, from: from.isEmpty ? nil : from,
                expires: (Date().timeIntervalSince1970 + days * 86_400).rounded(),
                artifacts: [.init(size: size, sha256: Hex.encode(hasher.finalize()), uris: uri, format: format)])
            let document = try EnvelopeDocument.signed(type: "manifest", payload: manifest.json, role: "release", with: signer)
            try Data((document.json.text + "\n").utf8).write(to: URL(fileURLWithPath: out))
            print("\(out): \(version), sequence \(sequence), \(size) bytes, signed by \(signer.publicKey.keyIdentifier)")
        }
    }

    struct Trust: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Trust a release key.")
        @Argument(help: "FILE.pub, or the private key's file.") var file: String
        @OptionGroup var asking: Asking

        func run() throws {
            guard let data = FileManager.default.contents(atPath: file) else { throw ValidationError("cannot read \(file)") }
            let text = String(decoding: data, as: UTF8.self)
            let point = text.contains("PRIVATE KEY")
                ? Base64URL.encode(try P256PrivateKey(pem: text).publicKey.point)
                : text.trimmingCharacters(in: .whitespacesAndNewlines)
            try asking.show("release.trust", [.init("key", .string(point))]) { "release key \($0.cell("key")) is trusted" }
        }
    }

    struct Keys: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List trusted release keys.")
        @OptionGroup var asking: Asking

        func run() throws {
            try asking.show("release.keys") { $0.rows("keys").compactMap(\.string).joined(separator: "\n") }
        }
    }
}

struct UpdateCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Offer software updates and follow them.", subcommands: [Offer.self, Status.self])

    struct Offer: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Offer a release to stations; each chooses its moment before the deadline.",
            discussion: "Example: stationmaster update offer --manifest manifest.json --deadline 86400 wx-1 wx-2")
        @ArgumentParser.Option(help: "The signed manifest.") var manifest: String
        @ArgumentParser.Option(help: "Seconds from now until it must be done.") var deadline: Double
        @ArgumentParser.Option(help: "Seconds from now before which it must not begin.") var notBefore: Double = 0
        @Argument(help: "Serials.") var serials: [String]
        @OptionGroup var asking: Asking

        func run() throws {
            guard let data = FileManager.default.contents(atPath: manifest) else { throw ValidationError("cannot read \(manifest)") }
            let now = Date().timeIntervalSince1970
            let envelope = try JSONDocument([UInt8](data)).root.json
            try asking.show(
                "update.offer",
                [
                    .init("manifest", envelope), .init("serials", try stationmaster_command.serials(serials, file: nil)),
                    .init("deadline", .number((now + deadline).rounded())), .init("notBefore", .number((now + notBefore).rounded(.down))),
                ]
            ) { answer in
                Table(
                    headings: ["SERIAL", "JOB"], rows: answer.rows("jobs").map { [$0.cell("serial"), $0.cell("job")] }
                ).text
            }
        }
    }

    struct Status: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "How the updates stand.")
        @Argument(help: "A serial; all stations if not given.") var serial: String?
        @OptionGroup var asking: Asking

        func run() throws {
            try asking.show("update.status", serial.map { [.init("serial", .string($0))] } ?? []) { answer in
                Table(
                    headings: ["SERIAL", "VERSION", "STATE", "UPDATED", "DETAIL"],
                    rows: answer.rows("jobs").map {
                        [$0.cell("serial"), $0.cell("version"), $0.cell("state"), $0.time("updated"), $0.cell("detail")]
                    }
                ).text
            }
        }
    }
}
