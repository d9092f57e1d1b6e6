// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What a loop did and what it took: wall time, and processor time of the thread that ran it.
struct Measurement: Encodable {
    /// How often the work was done.
    let operations: Int
    /// Nanoseconds on the wall.
    let wall: Int64
    /// Nanoseconds of processor time of this thread.
    let thread: Int64

    enum CodingKeys: String, CodingKey { case operations, perSecond, threadNanoseconds }

    func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(operations, forKey: .operations)
        try values.encode(Double(operations) * 1e9 / Double(max(wall, 1)), forKey: .perSecond)
        try values.encode(Double(thread) / Double(max(operations, 1)), forKey: .threadNanoseconds)
    }

    /// The line that the driver reads.
    func line() throws -> String { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }
}

enum Stopwatch {
    static func nanoseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Runs `body`, which says how much it has done, for a tenth of the time to warm up and then for `seconds`.
    static func run(seconds: Double, _ body: () throws -> Int) rethrows -> Measurement {
        _ = try loop(seconds / 10, body)
        return try loop(seconds, body)
    }

    private static func loop(_ seconds: Double, _ body: () throws -> Int) rethrows -> Measurement {
        let start = nanoseconds(CLOCK_MONOTONIC)
        let thread = nanoseconds(CLOCK_THREAD_CPUTIME_ID)
        let end = start + Int64(seconds * 1e9)
        var operations = 0
        var now = start
        repeat {
            operations += try body()
            now = nanoseconds(CLOCK_MONOTONIC)
        } while now < end
        return Measurement(
            operations: operations, wall: now - start, thread: nanoseconds(CLOCK_THREAD_CPUTIME_ID) - thread)
    }
}
