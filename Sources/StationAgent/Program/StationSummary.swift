// SPDX-License-Identifier: Apache-2.0
import StationJSON
import StationModel
import StationPKI

/// What `station show` tells about an identity folder. It reads and holds nothing, so the agent may be running.
public struct StationSummary: Sendable {
    /// As JSON, for programs.
    public let json: JSON

    /// Reads a folder.
    public init(_ folder: String) throws(AgentError) {
        let state = try StationIdentity.readState(folder)
        var members: [JSON.Member] = [
            .init("serial", .string(state.serial)), .init("model", .string(state.model)),
            .init("hardware", .string(state.hardware)), .init("phase", .string(state.phase.rawValue)),
            .init("component", .string(state.component)),
        ]
        if let address = state.address { members.append(.init("address", .string(address))) }
        if let interval = state.interval { members.append(.init("interval", .number(interval))) }
        if let firmware = state.firmware {
            members.append(.init("firmware", .object([
                .init("version", .string(firmware.version)), .init("sequence", .integer(firmware.sequence)),
            ])))
        }
        for kind in [StationIdentity.Kind.idevid, .ldevid] {
            guard let bytes = try DurableFile.read("\(folder)/\(StationIdentity.name(kind, pair: state.ownerPair ?? 0)).pem"),
                let leaf = (try? Certificate.all(pem: String(decoding: bytes, as: UTF8.self)))?.first
            else { continue }
            members.append(.init(kind.rawValue, .object([
                .init("subject", .string(leaf.subject)), .init("addresses", .array(leaf.xmppAddresses.map { .string($0) })),
                .init("notAfter", .string(Timestamp(milliseconds: leaf.notAfter &* 1000).description)),
                .init("fingerprint", .string(leaf.fingerprint)),
            ])))
        }
        members.append(.init("spoolBytes", .integer(try Self.spoolBytes(folder))))
        if let job = try UpdateJob.read(folder + "/updates/job.json") {
            members.append(.init("update", .object([
                .init("job", .string(job.offer.job)), .init("state", .string(job.state.rawValue)),
                .init("detail", .string(job.detail)),
            ])))
        }
        json = .object(members)
    }

    private static func spoolBytes(_ folder: String) throws(AgentError) -> Int64 {
        guard fileExists(folder + "/spool") else { return 0 }
        var bytes: Int64 = 0
        for name in try namesInFolder(folder + "/spool") where name.hasSuffix(Spool.suffix) {
            bytes += Int64(try FileDescriptor("\(folder)/spool/\(name)", 0).size())
        }
        return bytes
    }

    /// For people: one line a value.
    public var text: String { Self.lines(json, indent: "").joined(separator: "\n") }

    private static func lines(_ json: JSON, indent: String) -> [String] {
        json.members.flatMap { member -> [String] in
            if !member.value.members.isEmpty {
                return ["\(indent)\(member.key):"] + lines(member.value, indent: indent + "  ")
            }
            if case .array(let items) = member.value {
                return ["\(indent)\(member.key): " + items.map { $0.string ?? $0.text }.joined(separator: ", ")]
            }
            return ["\(indent)\(member.key): \(member.value.string ?? member.value.text)"]
        }
    }
}
