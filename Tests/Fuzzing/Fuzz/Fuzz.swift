// SPDX-License-Identifier: Apache-2.0

import Bodies
import Glibc

/// Set once, before the first input.
nonisolated(unsafe) private var chosen = FuzzTarget.xml

/// Called by libFuzzer for each input.
@_cdecl("stationmaster_fuzz_one")
func fuzzOne(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    if let flaw = chosen.run(bytes) {
        print("FLAW in \(chosen.rawValue): \(flaw)")
        fflush(nil)
        abort()
    }
    return 0
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ one: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// `Fuzz TARGET [options and folders of libFuzzer]`, `Fuzz --seeds TARGET FOLDER`, or `Fuzz --read`.
@_cdecl("Fuzz_main")
func fuzzMain(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
    let words = (0..<Int(count)).compactMap { arguments[$0].map { String(cString: $0) } }
    if words.count == 2, words[1] == "--read" { return answerQuestions() }
    if words.count == 4, words[1] == "--seeds", let target = FuzzTarget(rawValue: words[2]) {
        for (number, seed) in target.seeds.enumerated() {
            guard let file = fopen("\(words[3])/seed-\(number)", "wb") else { return 1 }
            fwrite(seed, 1, seed.count, file)
            fclose(file)
        }
        return 0
    }
    guard words.count > 1, let target = FuzzTarget(rawValue: words[1]) else {
        print("usage: Fuzz \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) [options]")
        return 64
    }
    chosen = target
    arguments[1] = arguments[0]
    var left = count - 1
    var rest = arguments + 1
    return runDriver(&left, &rest, fuzzOne)
}
