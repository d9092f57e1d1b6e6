// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Writes a line to standard error.
func printError(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }

/// Progress: one line that is written over on a terminal, plain lines now and then elsewhere.
struct ProgressLine: Sendable {
    private let isTerminal = isatty(2) == 1

    func show(_ text: String, second: Int) {
        if isTerminal {
            FileHandle.standardError.write(Data("\r\u{1B}[K\(text)".utf8))
        } else if second % 10 == 0 {
            printError(text)
        }
    }

    func end() {
        if isTerminal { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }
}
