// SPDX-License-Identifier: Apache-2.0
import StationJSON
import StationModel

/// Commands about what the core itself keeps: the timeline of a station and the hash-chained log.
public final class TimelineCommands: CoreModule {
    private let store: any CoreStore

    public init(store: any CoreStore) { self.store = store }

    public func load() throws {}

    public func register(on core: inout CoreRegistry) {
        core.command("station.explain") { [self] arguments, _ in try explain(arguments) }
        core.command("log") { [self] arguments, _ in try log(arguments) }
        core.command("log.verify") { [self] _, _ in try verify() }
    }

    private func explain(_ arguments: JSONValue) throws -> JSON {
        let text = try arguments.require("serial").requireString()
        guard let serial = try? Serial(text) else { throw CommandError("bad-request", "'\(text)' is no serial") }
        let limit = max(1, min(10_000, arguments["limit"]?.int64.flatMap { Int(exactly: $0) } ?? 500))
        let entries = try store.journal(of: serial, limit: limit)
        guard !entries.isEmpty else { throw CommandError("not-found", "nothing is known of station \(serial)") }
        let rows = entries.map { entry -> JSON in
            var members: [JSON.Member] = [
                .init("at", .number(entry.at.seconds)), .init("category", .string(entry.category.rawValue)),
                .init("text", .string(entry.text)),
            ]
            if let detail = entry.detail { members.append(.init("detail", .string(detail))) }
            return .object(members)
        }
        return .object([.init("serial", .string(serial.description)), .init("entries", .array(rows))])
    }

    private func log(_ arguments: JSONValue) throws -> JSON {
        let after = arguments["after"]?.int64 ?? 0
        let limit = max(1, min(10_000, arguments["limit"]?.int64.flatMap { Int(exactly: $0) } ?? 1000))
        let rows = try store.audit(after: after, limit: limit).map { entry -> JSON in
            .object([
                .init("sequence", .integer(entry.sequence)), .init("at", .number(entry.at.seconds)),
                .init("actor", .string(entry.actor)), .init("action", .string(entry.action)),
                .init("subject", .string(entry.subject)), .init("detail", .string(entry.detail)),
                .init("hash", .string(entry.hash)),
            ])
        }
        return .object([.init("entries", .array(rows))])
    }

    /// Follows the chain from the first entry; the first one that does not fit is named.
    private func verify() throws -> JSON {
        var previous: AuditEntry?
        var count: Int64 = 0
        while true {
            let page = try store.audit(after: previous?.sequence ?? 0, limit: 1000)
            for entry in page {
                guard entry.follows(previous) else {
                    throw CommandError("conflict", "entry \(entry.sequence) of the log does not fit the one before it")
                }
                previous = entry
                count += 1
            }
            if page.count < 1000 { break }
        }
        return .object([.init("entries", .integer(count)), .init("hash", .string(previous?.hash ?? ""))])
    }
}
