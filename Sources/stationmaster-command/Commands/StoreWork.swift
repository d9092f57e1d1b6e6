// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import StationCore
import StationJSON
import StationStore
import Stationmaster

/// Long work on the store: by the component if one runs, otherwise here. Tells on standard error how far it is.
struct StoreWork {
    private let asking: Asking

    init(_ asking: Asking) { self.asking = asking }

    /// Begins the work with a command of the component and waits for its end; or does the same task here, if none
    /// runs.
    func result(
        of command: String, _ arguments: [JSON.Member] = [], offline: () throws -> any StoreTask
    ) throws -> JSON {
        do { _ = try asking.call(command, arguments) } catch let error as CommandError where error.condition == "not-running" {
            return try Self.run(offline())
        }
        var teller = Teller()
        var pause: TimeInterval = 0.02
        while true {
            let answer = try asking.call("store.work")
            if let result = answer["result"] {
                teller.end()
                return result
            }
            if let stage = answer["stage"]?.string {
                teller.tell(
                    StoreProgress(
                        stage: stage, done: answer["done"]?.int64 ?? 0, total: answer["total"]?.int64 ?? 0))
            }
            Thread.sleep(forTimeInterval: pause)
            pause = min(0.5, pause * 2)
        }
    }

    /// Runs a task to its end.
    static func run(_ task: any StoreTask) throws -> JSON {
        var teller = Teller()
        while try task.step() { teller.tell(task.progress) }
        teller.end()
        return task.result
    }

    /// One line that changes on a terminal; elsewhere a line for each stage.
    struct Teller {
        private let isTerminal = isatty(2) == 1
        private var last = ""

        mutating func tell(_ progress: StoreProgress) {
            let share = progress.total > 0 ? " (\(progress.done * 100 / progress.total) %)" : ""
            let line = isTerminal ? progress.stage + share : progress.stage
            guard line != last else { return }
            last = line
            write(isTerminal ? "\r\u{1B}[K\(line)" : line + "\n")
        }

        mutating func end() { if isTerminal { write("\r\u{1B}[K") } }

        private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
    }
}
