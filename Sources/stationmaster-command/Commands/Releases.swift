// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import StationDigest
import StationJSON
import StationPKI
import StationProtocol
import StationSettings
import Stationmaster

struct ReleaseCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Release keys and signed manifests of software.",
        discussion: "'key' and 'sign' need no component and belong on a machine that is off line.",
        subcommands: [MakeKey.self, Sign.self, Trust.self, Keys.self])

    struct MakeKey: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "key", abstract: "Make a release key: FILE (mode 0600) and FILE.pub.",
            discussion: "Example: stationmaster release key --out release.key")
        @ArgumentParser.Option(help: "Where the private key goes.") var out: String
        @OptionGroup var output: OutputOption

        func run() throws {
            guard !FileManager.default.fileExists(atPath: out + ".pub") else {
                throw SetupError("\(out).pub is there already; take it away first, or name another file")
            }
            let key = try P256PrivateKey()
            try Secrets.write(key.pem, to: out, overwriting: false)
            let text = Base64URL.encode(key.publicKey.point)
            try Data((text + "\n").utf8).write(to: URL(fileURLWithPath: out + ".pub"))
            let answer: JSON = [
                "keyIdentifier": .string(key.publicKey.keyIdentifier), "key": .string(text), "file": .string(out),
                "publicFile": .string(out + ".pub"),
            ]
            output.show(answer) {
                "release key \($0.cell("keyIdentifier")) is in \($0.cell("file")); "
                    + "trust it with: stationmaster release trust \($0.cell("publicFile"))"
            }
        }
    }

    struct Sign: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign a manifest for an artifact.",
            discussion: """
                Example:
                  stationmaster release sign --key release.key --id wx-2.0 \\
                      --sequence 2 --version 2.0 --hardware rev-b \\
                      --artifact firmware.bin --uri https://example.org/firmware.bin \\
                      --out manifest.json
                """)
        @ArgumentParser.Option(help: "The release key's file, mode 0600.") var key: String
        @ArgumentParser.Option(help: "The release's name.") var id: String
        @ArgumentParser.Option(help: "Grows with each release; a station takes only a higher one.") var sequence: Int64
        @ArgumentParser.Option(help: "The version as people call it.") var version: String
        @ArgumentParser.Option(help: "A hardware class it is for. May be repeated.") var hardware: [String]
        @ArgumentParser.Option(help: "Who made it.") var vendor = "Stationmaster"
        @ArgumentParser.Option(help: "A sequence from which a station may go to this one; any if not given. May be repeated.")
        var from: [Int64] = []
        @ArgumentParser.Option(help: "The file to install.") var artifact: String
        @ArgumentParser.Option(help: "Where stations get it: https, http or file. May be repeated.") var uri: [String]
        @ArgumentParser.Option(help: "The artifact's format.") var format = "raw"
        @ArgumentParser.Option(help: "For how many days the manifest is good.") var days = 90.0
        @ArgumentParser.Option(help: "Where the signed manifest goes.") var out: String
        @OptionGroup var output: OutputOption

        func validate() throws {
            guard days > 0, days <= 36_500 else { throw ValidationError("--days is above 0 and at most 36500") }
            for address in uri {
                let scheme = URL(string: address)?.scheme?.lowercased() ?? ""
                guard ["https", "http", "file"].contains(scheme) else {
                    throw ValidationError("--uri \(address): a station fetches from https, http or file addresses alone")
                }
            }
        }

        /// What is signed: read as a station will read it.
        func manifest(size: Int64, sha256: String, now: Double) throws -> Manifest {
            let manifest = Manifest(
                id: id, sequence: sequence, vendor: vendor, hardware: hardware, version: version, from: from.isEmpty ? nil : from,
                expires: (now + days * 86_400).rounded(),
                artifacts: [.init(size: size, sha256: sha256, uris: uri, format: format)])
            do { return try Manifest.decode(text: manifest.json.serialized()) } catch {
                throw ValidationError("no station would take this manifest: \(error)")
            }
        }

        func run() throws {
            let signer = try P256PrivateKey(pem: try SecretFile.read(key))
            guard let handle = FileHandle(forReadingAtPath: artifact) else { throw ValidationError("cannot read \(artifact)") }
            var hasher = SHA256Hasher()
            var size: Int64 = 0
            while let chunk = try handle.read(upToCount: 1 << 20), !chunk.isEmpty {
                chunk.withUnsafeBytes { hasher.update($0) }
                size += Int64(chunk.count)
            }
            let manifest = try manifest(
                size: size, sha256: Hex.encode(hasher.finalize()), now: Date().timeIntervalSince1970)
            let document = try EnvelopeDocument.signed(type: "manifest", payload: manifest.json, role: "release", with: signer)
            try Data((document.json.text + "\n").utf8).write(to: URL(fileURLWithPath: out), options: .atomic)
            let answer: JSON = [
                "manifest": .string(out), "version": .string(version), "sequence": .integer(sequence), "bytes": .integer(size),
                "sha256": .string(manifest.artifacts.first?.sha256 ?? ""), "expires": .number(manifest.expires),
                "keyIdentifier": .string(signer.publicKey.keyIdentifier),
            ]
            output.show(answer) {
                "\($0.cell("manifest")): \($0.cell("version")), sequence \($0.cell("sequence")), \($0.cell("bytes")) bytes, "
                    + "signed by \($0.cell("keyIdentifier"))"
            }
        }
    }

    struct Trust: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Trust a release key: manifests that it has signed may be offered.",
            discussion: "Example: stationmaster release trust release.key.pub")
        @Argument(help: "FILE.pub, or the private key's file.") var file: String
        @OptionGroup var asking: Asking

        func run() throws {
            guard let data = FileManager.default.contents(atPath: file) else { throw ValidationError("cannot read \(file)") }
            let text = String(decoding: data, as: UTF8.self)
            let point = text.contains("PRIVATE KEY")
                ? Base64URL.encode(try P256PrivateKey(pem: try SecretFile.read(file)).publicKey.point)
                : text.trimmingCharacters(in: .whitespacesAndNewlines)
            try asking.show("release.trust", [.init("key", .string(point))]) { "release key \($0.cell("key")) is trusted" }
        }
    }

    struct Keys: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List trusted release keys.", discussion: "Example: stationmaster release keys")
        @OptionGroup var asking: Asking

        func run() throws {
            try asking.show("release.keys") { $0.rows("keys").compactMap(\.string).map(TerminalText.safe).joined(separator: "\n") }
        }
    }
}
