// SPDX-License-Identifier: Apache-2.0
import Foundation
import StationPKI
import Testing

@testable import StationAgent

@Suite struct IdentityTests {
    private func make(_ folder: TemporaryFolder, _ serial: String = "wx-1") throws -> StationIdentity {
        try StationIdentity(
            folder: folder.path + "/id", serial: serial, model: "ws-1", hardware: "rev-b", component: "devices.localhost")
    }

    @Test func `a key file is made with mode 0600, signs, and is the same key when opened again`() throws {
        let folder = TemporaryFolder()
        let key = try KeyFile.create(path: folder.path + "/a.key", mixing: [1, 2, 3])
        let attributes = try FileManager.default.attributesOfItem(atPath: key.path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let again = try KeyFile(path: key.path)
        #expect(again.publicKey == key.publicKey)
        #expect(key.publicKey.verify(signature: try again.sign([9]), message: [9]))
        #expect(folder.names() == ["a.key"], "no temporary file is left")
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o601, 0o666, 0o620])
    func `a key file that others may touch is refused`(mode: Int) throws {
        let folder = TemporaryFolder()
        let key = try KeyFile.create(path: folder.path + "/a.key")
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: key.path)
        let error = try #require(throws: AgentError.self) { try KeyFile(path: key.path) }
        #expect(error.code == .unsafePermissions)
        #expect(throws: AgentError.self) { try key.tlsKeyPEM() }
    }

    @Test func `an existing key is never overwritten`() throws {
        let folder = TemporaryFolder()
        let key = try KeyFile.create(path: folder.path + "/a.key")
        #expect(throws: AgentError.self) { try KeyFile.create(path: key.path) }
        #expect(try KeyFile(path: key.path).publicKey == key.publicKey)
    }

    @Test func `the key shows in no description`() throws {
        let folder = TemporaryFolder()
        let key = try KeyFile.create(path: folder.path + "/a.key")
        #expect(!"\(key)".contains("PRIVATE"))
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!dumped.contains("BEGIN"))
    }

    @Test func `state survives, and is saved before it counts`() throws {
        let folder = TemporaryFolder()
        do {
            let identity = try make(folder)
            try identity.update { state in
                state.phase = .installed
                state.address = "wx-1@stations.localhost"
                state.interval = 2.5
                state.releaseKeys = ["abc"]
                state.directorKey = "def"
                state.settings = ["a": [1, true]]
                state.firmware = InstalledFirmware(version: "2.0", sequence: 7, manifest: "00")
            }
        }
        let state = try make(folder).state
        #expect(state.phase == .installed)
        #expect(state.address == "wx-1@stations.localhost")
        #expect(state.interval == 2.5)
        #expect(state.settings == ["a": [1, true]])
        #expect(state.firmware == InstalledFirmware(version: "2.0", sequence: 7, manifest: "00"))
    }

    @Test func `a failed save changes nothing`() throws {
        let folder = TemporaryFolder()
        let identity = try make(folder)
        try FileManager.default.createDirectory(
            atPath: folder.path + "/id/state.json.new/in-the-way", withIntermediateDirectories: true)
        #expect(throws: AgentError.self) { try identity.update { $0.phase = .released } }
        #expect(identity.state.phase == .factoryNew)
    }

    @Test func `a folder belongs to one process and one serial`() throws {
        let folder = TemporaryFolder()
        let identity = try make(folder)
        let busy = try #require(throws: AgentError.self) { try make(folder) }
        #expect(busy.text.contains("in use"))
        _ = identity.state
        withExtendedLifetime(identity) {}
        let other = TemporaryFolder()
        do { _ = try make(other) }
        #expect(throws: AgentError.self) { try make(other, "wx-2") }
        #expect(throws: Never.self) { try make(other, "WX-1") }
    }

    @Test(arguments: ["", "{", "{\"version\":1}", "{\"phase\":\"x\",\"serial\":\"a\",\"model\":\"b\",\"hardware\":\"c\",\"component\":\"d\",\"releaseKeys\":[]}"])
    func `a damaged state file is named, and not replaced`(text: String) throws {
        let folder = TemporaryFolder()
        do { _ = try make(folder) }
        folder.write("id/state.json", Array(text.utf8))
        let error = try #require(throws: AgentError.self) { try make(folder) }
        #expect(error.code == .damaged)
        #expect(error.text.contains("state.json"))
        #expect(folder.read("id/state.json") == Array(text.utf8))
    }

    @Test func `an unfinished write of a crash is in nobody's way`() throws {
        let folder = TemporaryFolder()
        folder.write("file.new", [1, 2, 3])
        try DurableFile.write([4], to: folder.path + "/file")
        #expect(folder.read("file") == [4])
        #expect(folder.names() == ["file"])
    }
}
