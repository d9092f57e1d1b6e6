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
        core.longCommand("log.verify") { [self] _, context, answer in try verify(after: nil, 0, context, answer) }
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

    /// Follows the chain from the first entry; the first one that does not fit is named. A page at a time, since the batches
    /// go on beside it.
    private func verify(
        after last: AuditEntry?, _ count: Int64, _ context: CoreContext,
        _ answer: @escaping (Result<JSON, CommandError>) -> Void
    ) throws {
        var previous = last
        let page = try store.audit(after: last?.sequence ?? 0, limit: Self.pageEntries)
        for entry in page {
            guard entry.follows(previous) else {
                let sentence = "entry \(entry.sequence) of the log does not fit the one before it"
                return answer(.failure(CommandError("conflict", sentence)))
            }
            previous = entry
        }
        let count = count &+ Int64(page.count)
        guard page.count < Self.pageEntries else {
            return context.later(milliseconds: 0) { [self] in try verify(after: previous, count, $0, answer) }
        }
        answer(.success(.object([.init("entries", .integer(count)), .init("hash", .string(previous?.hash ?? ""))])))
    }

    /// What is hashed in one go: a millisecond or so.
    private static let pageEntries = 200
}
