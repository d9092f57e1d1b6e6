// SPDX-License-Identifier: Apache-2.0
import Foundation
import LiveServers
import NIOCore
import StationCore
import StationJSON
import Stationmaster
import Synchronization
import XMLStream
import XMPPCore

/// The real program as a process of its own, with a store of its own, behind a proxy.
final class LiveComponent: Sendable {
    private let configuration: String
    let folder: String
    private let port: Mutex<Int> = Mutex(0)
    private let process: Mutex<Process?> = Mutex(nil)
    private let listener: Mutex<(any Channel)?> = Mutex(nil)
    let proxy: LiveProxy
    let outgoing: Outgoing

    /// What the component has sent, as it passed the proxy.
    final class Outgoing: Sendable {
        private let state = Mutex((parser: XMLStreamParser(), stanzas: [Element]()))

        func saw(_ bytes: ByteBuffer?) {
            state.withLock { state in
                guard let bytes else { return state.parser = XMLStreamParser() }
                guard let events = try? state.parser.feed(Array(bytes.readableBytesView)) else { return }
                state.stanzas += BenchStage.elements(events)
            }
        }

        func take(where isWanted: (Element) -> Bool) -> [Element] {
            state.withLock { state in
                defer { state.stanzas.removeAll(where: isWanted) }
                return state.stanzas.filter(isWanted)
            }
        }

        func has(answerTo id: String) -> Bool { state.withLock { $0.stanzas.contains { $0["id"] == id } } }
    }

    init(_ place: LiveServer, isByteByByte: Bool) {
        configuration = place.authority + "/stationmaster.yaml"
        folder = NSTemporaryDirectory() + "/play-\(UInt32.random(in: .min ... .max))"
        let outgoing = Outgoing()
        self.outgoing = outgoing
        proxy = LiveProxy(host: place.host, port: place.ports.component, isByteByByte: isByteByByte) { outgoing.saw($0) }
    }

    /// The program that was built with the tests.
    static let program = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("stationmaster")

    private var socket: String { folder + "/control" }

    func start() async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let (channel, port) = try await proxy.start()
        listener.withLock { $0 = channel }
        self.port.withLock { $0 = port }
        try launch()
        try await ready()
    }

    private func launch() throws {
        let log = folder + "/log"
        let isThere = FileManager.default.fileExists(atPath: log) || FileManager.default.createFile(atPath: log, contents: nil)
        guard isThere, let output = FileHandle(forWritingAtPath: log) else { throw StageError("cannot write \(log)") }
        try output.seekToEnd()
        let process = Process()
        process.executableURL = Self.program
        process.arguments = ["run", "--config", configuration]
        process.environment = ProcessInfo.processInfo.environment.merging([
            "STATIONMASTER_STORE_PATH": folder + "/store.sqlite", "STATIONMASTER_CONTROL_SOCKET": socket,
            "STATIONMASTER_COMPONENT_SERVER_PORT": "\(port.withLock { $0 })",
        ]) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        self.process.withLock { $0 = process }
    }

    /// Returns when the server has taken the component.
    func ready() async throws {
        let end = ContinuousClock.now + .seconds(40)
        while (try? command("status", .object([]))["link"]) != .string("ready") {
            guard ContinuousClock.now < end else { throw StageError("the component is not attached; its log: \(folder)/log") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Without a goodbye.
    func kill() async throws {
        guard let process = process.withLock({ $0 }) else { return }
        Glibc.kill(process.processIdentifier, SIGKILL)
        while process.isRunning { try await Task.sleep(for: .milliseconds(5)) }
    }

    func restart() async throws {
        try await kill()
        try launch()
        try await ready()
    }

    func command(_ name: String, _ arguments: JSON) throws -> JSON {
        try ControlClient(path: socket).call(name, arguments, timeout: 10)
    }

    /// Ends everything; the folder stays if it is wanted.
    func end(keepingLog: Bool) async throws {
        proxy.refuse()
        try await kill()
        try await listener.withLock({ $0 })?.close()
        if !keepingLog { try FileManager.default.removeItem(atPath: folder) }
    }
}
