// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationJSON
import StationModel
import StationStore

/// The commands that take care of the store while the component runs: `store.backup` and `store.verify` begin work that
/// the pool does slice by slice beside the batches, `store.work` tells how far it is; `store.export` reads a page.
final class StoreCare: CoreModule {
    private let store: StationStore
    private var name = ""
    private var progress: StoreProgress?
    /// What came of the last work, until somebody has asked. The task itself is let go at its end: its snapshot keeps the
    /// database's write-ahead log from beginning anew.
    private var outcome: Result<JSON, CommandError>?
    private var isRunning = false

    init(store: StationStore) { self.store = store }

    func load() throws {}

    func register(on core: inout CoreRegistry) {
        core.command("store.backup") { [self] arguments, context in
            let folder = try arguments.require("folder").requireString()
            guard folder.hasPrefix("/") else { throw CommandError("bad-request", "'\(folder)' is no absolute path") }
            try begin("backup", context) { try self.store.backup(to: folder, at: context.now) }
            return .object(["work": .string("backup")])
        }
        core.command("store.verify") { [self] _, context in
            try begin("verify", context) { StoreCheck(try self.store.snapshot()) }
            return .object(["work": .string("verify")])
        }
        core.command("store.export") { [self] arguments, _ in try export(arguments) }
        core.command("store.work") { [self] _, _ in try tell() }
    }

    private func export(_ arguments: JSONValue) throws -> JSON {
        func time(_ name: String) throws -> Timestamp? {
            try arguments[name].map { Timestamp(milliseconds: try $0.requireInt64()) }
        }
        let since = try time("sinceMilliseconds") ?? Timestamp(milliseconds: .min)
        let until = try time("untilMilliseconds") ?? Timestamp(milliseconds: .max)
        guard since <= until else { throw CommandError("bad-request", "the end lies before the beginning") }
        let serial: Serial?
        do { serial = try arguments["station"].map { try Serial($0.requireString()) } } catch {
            throw CommandError("bad-request", "\(error)")
        }
        let after = try arguments["after"]?.requireInt64(in: 0...Int64.max) ?? 0
        do {
            let (page, next) = try store.reports(after: after, of: serial, within: since...until)
            return .object([
                "reports": .array(page.map(Self.json)), "next": next.map { .integer($0) },
            ])
        } catch let error as StoreError where error.code == .unusable {
            throw CommandError("item-not-found", error.description)
        }
    }

    /// The report's text is handed on as it came, so it travels as a text.
    private static func json(_ report: StationStore.ExportedReport) -> JSON {
        .object([
            "position": .integer(report.entry.position), "item": .string(report.item), "station": .string(report.serial),
            "seq": .integer(report.entry.sequence), "stored": .number(report.entry.receivedAt.seconds),
            "late": .boolean(report.entry.isLate), "text": .string(String(decoding: report.entry.body, as: UTF8.self)),
        ])
    }

    private func begin(_ name: String, _ context: CoreContext, _ make: () throws -> any StoreTask) throws {
        guard !isRunning else { throw CommandError("conflict", "a \(self.name) is running; wait for its end") }
        let made: any StoreTask
        // What goes wrong here is about the target or the snapshot; the store itself goes on.
        do { made = try make() } catch { throw CommandError("not-acceptable", "\(error)") }
        self.name = name
        outcome = nil
        progress = nil
        isRunning = true
        slice(made, context)
    }

    /// What a slice hands back: the task itself belongs to the pool while it runs.
    private enum Slice: Sendable {
        case more(StoreProgress)
        case done
        case failed(String)
    }

    /// Between two slices: the disk is for the batches first.
    private static let pauseMilliseconds: Int64 = 10

    /// One slice at a time, so that other work of the pool gets its turn.
    private func slice(_ task: any StoreTask, _ context: CoreContext) {
        context.perform("store") { () -> Slice in
            do { return try task.step() ? .more(task.progress) : .done } catch { return .failed("\(error)") }
        } then: { [self] outcome, context in
            switch outcome {
            case .more(let progress):
                self.progress = progress
                context.later(milliseconds: Self.pauseMilliseconds) { [self] in slice(task, $0) }
            case .done: end(.success(task.result))
            case .failed(let sentence): end(.failure(CommandError("not-acceptable", sentence)))
            }
        }
    }

    private func end(_ outcome: Result<JSON, CommandError>) {
        self.outcome = outcome
        isRunning = false
    }

    private func tell() throws -> JSON {
        guard !isRunning else {
            return .object([
                "work": .string(name), "stage": progress.map { .string($0.stage) },
                "done": progress.map { .integer($0.done) }, "total": progress.map { .integer($0.total) },
            ])
        }
        guard let outcome else { throw CommandError("not-found", "nothing was begun, or its end has been told") }
        self.outcome = nil
        return .object(["work": .string(name), "result": try outcome.get()])
    }
}
