// SPDX-License-Identifier: Apache-2.0
import StationCore
import Synchronization

/// What the doctor has made and takes away again, the last first, however the examination ended.
final class Undoing: Sendable {
    typealias Step = @Sendable () async throws -> Void

    private struct Entry: Sendable {
        let what: String
        let remedy: String
        let step: Step
    }

    private let entries = Mutex<[Entry]>([])

    /// To be said before the thing is made: a request whose answer is lost may have made it all the same.
    ///
    /// - Parameter remedy: what a person does if the step fails.
    func later(_ what: String, remedy: String, _ step: @escaping Step) {
        entries.withLock { $0.append(Entry(what: what, remedy: remedy, step: step)) }
    }

    /// Takes everything away; what fails is a finding. A task of its own, since the doctor's may have been cancelled.
    func perform(_ examination: Examination) async {
        let steps = entries.withLock { entries in
            defer { entries = [] }
            return Array(entries.reversed())
        }
        await Task {
            for entry in steps {
                do { try await entry.step() } catch let error as CommandError where error.condition == "not-found" {
                    // It was never made.
                } catch {
                    examination.failed(entry.what, "\(error)", remedy: entry.remedy)
                }
            }
        }.value
    }
}
