// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// The findings of `stationmaster doctor`: one hop after the other, until one fails.
final class Examination: Sendable {
    struct Finding: Sendable {
        let hop: String
        let isSound: Bool
        let text: String
        /// What to do about it, with the server's line to change.
        let remedy: String?
    }

    /// A hop that failed; the ones after it cannot be looked at.
    struct Ended: Error {}

    private let kept = Mutex<[Finding]>([])
    private let showsLines: Bool

    init(showsLines: Bool) { self.showsLines = showsLines }

    var findings: [Finding] { kept.withLock { $0 } }
    var isSound: Bool { findings.allSatisfy(\.isSound) }

    /// Looks at one hop. What `body` throws is the finding; `remedy` says what to do then.
    func hop<T>(_ name: String, remedy: String, _ body: () async throws -> (T, String)) async throws -> T {
        do {
            let (value, text) = try await body()
            note(Finding(hop: name, isSound: true, text: text, remedy: nil))
            return value
        } catch let error as Ended {
            throw error
        } catch {
            if Task.isCancelled {
                note(Finding(hop: name, isSound: false, text: "stopped", remedy: nil))
            } else {
                failed(name, "\(error)", remedy: remedy)
            }
            throw Ended()
        }
    }

    /// Something went wrong that nothing else waits for.
    func failed(_ name: String, _ text: String, remedy: String) {
        note(Finding(hop: name, isSound: false, text: text, remedy: remedy))
    }

    private func note(_ finding: Finding) {
        kept.withLock { $0.append(finding) }
        guard showsLines else { return }
        print("\(finding.isSound ? "ok     " : "FAILED ") \(finding.hop): \(TerminalText.safe(finding.text))")
        if let remedy = finding.remedy {
            print("        what to do: " + remedy.replacingOccurrences(of: "\n", with: "\n        "))
        }
    }
}
