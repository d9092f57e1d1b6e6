// SPDX-License-Identifier: Apache-2.0
import Logging
import Synchronization

/// What a component has told its operator.
final class LogRecord: Sendable {
    private let lines = Mutex<[String]>([])

    /// Level, sentence and particulars of each line since the last call.
    func take() -> [String] {
        lines.withLock { lines in
            defer { lines.removeAll() }
            return lines
        }
    }

    /// A logger that writes here as well.
    func logger(_ label: String, level: Logger.Level) -> Logger {
        var logger = Logger(label: label) { label in
            MultiplexLogHandler([StreamLogHandler.standardOutput(label: label), Handler(record: self)])
        }
        logger.logLevel = level
        return logger
    }

    private struct Handler: LogHandler {
        let record: LogRecord
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let particulars = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
            record.lines.withLock { $0.append("\(event.level): \(event.message)" + particulars.joined()) }
        }
    }
}
