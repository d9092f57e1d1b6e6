// SPDX-License-Identifier: Apache-2.0

import Bodies
import Glibc

/// Answers what is asked on the standard input, so that other readers can be compared with ours.
///
/// A question is a letter (`x` a stream at once, `y` byte by byte, `j` a JSON text), four bytes of length, and the bytes.
/// An answer is four bytes of length and the bytes. Lengths are big-endian.
func answerQuestions() -> CInt {
    while let head = read(5) {
        let length = head.dropFirst().reduce(0) { $0 << 8 | Int($1) }
        guard let text = read(length) else { return 1 }
        let answer = Array(Canonical.answer(head[0], text).utf8)
        let prefix = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: answer.count >> $0) }
        guard write(prefix + answer) else { return 1 }
    }
    return 0
}

private func read(_ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
        let got = bytes.withUnsafeMutableBytes { Glibc.read(0, $0.baseAddress?.advanced(by: done), count - done) }
        guard got > 0 else { return nil }
        done += got
    }
    return bytes
}

private func write(_ bytes: [UInt8]) -> Bool {
    var done = 0
    while done < bytes.count {
        let put = bytes.withUnsafeBytes { Glibc.write(1, $0.baseAddress?.advanced(by: done), bytes.count - done) }
        guard put > 0 else { return false }
        done += put
    }
    return true
}
