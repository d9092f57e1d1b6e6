// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import StationAgent

@Suite struct SpoolTests {
    private func body(_ number: Int) -> [UInt8] { Array("[{\"n\":\"t\",\"v\":\(number)}]".utf8) }

    private func open(_ folder: TemporaryFolder, _ change: (inout SpoolLimits) -> Void = { _ in }) throws -> Spool {
        var limits = SpoolLimits()
        change(&limits)
        return try Spool(folder: folder.path + "/spool", limits: limits)
    }

    /// All that waits, in the order it would be sent.
    private func waiting(_ spool: Spool) throws -> [SpooledReport] {
        var reports: [SpooledReport] = []
        var from: Int64 = 0
        while let number = spool.next(from: from) {
            reports.append(try #require(try spool.report(number)))
            from = number + 1
        }
        return reports
    }

    @Test func `reports come out in the order they went in, with numbers that grow by one`() throws {
        let folder = TemporaryFolder()
        let spool = try open(folder)
        for number in 1...5 { #expect(try spool.append(body(number)) == Int64(number)) }
        #expect(spool.next(from: 1) == nil, "nothing may be sent before it is synced")
        try spool.sync()
        #expect(try waiting(spool).map(\.number) == [1, 2, 3, 4, 5])
        #expect(try waiting(spool).map(\.records) == (1...5).map(body))
    }

    @Test func `what was synced is there again after the spool is opened anew`() throws {
        let folder = TemporaryFolder()
        do {
            let spool = try open(folder)
            for number in 1...20 { _ = try spool.append(body(number)) }
            try spool.sync()
            for number in 1...7 { try spool.acknowledge(Int64(number)) }
            try spool.acknowledge(9)
            try spool.close()
        }
        let spool = try open(folder)
        #expect(spool.nextNumber == 21)
        #expect(spool.acknowledgedThrough == 7)
        // 9 had overtaken 8: it is sent again rather than ever lost.
        #expect(try waiting(spool).map(\.number) == (8...20).map(Int64.init))
    }

    @Test func `an emptied spool goes on counting`() throws {
        let folder = TemporaryFolder()
        do {
            let spool = try open(folder) { $0.bytes = 8192 }
            for number in 1...200 {
                _ = try spool.append(body(number))
                try spool.sync()
                try spool.acknowledge(Int64(number))
            }
            try spool.close()
            #expect(spool.count == 0)
            #expect(spool.lost == 0)
            #expect(folder.names("spool").count == 1)
        }
        #expect(try open(folder).nextNumber == 201)
    }

    @Test func `a tail torn at any byte is cut off, and everything synced before it stays`() throws {
        let whole = TemporaryFolder()
        var ends: [Int] = []
        do {
            let spool = try open(whole)
            for number in 1...4 {
                _ = try spool.append(body(number))
                try spool.sync()
                ends.append(spool.bytes)
            }
        }
        let name = try #require(whole.names("spool").first)
        let bytes = whole.read("spool/" + name)
        #expect(bytes.count == ends.last)
        for cut in 0...bytes.count {
            let folder = TemporaryFolder()
            try FileManager.default.createDirectory(atPath: folder.path + "/spool", withIntermediateDirectories: true)
            folder.write("spool/" + name, Array(bytes.prefix(cut)))
            let spool = try open(folder)
            let kept = ends.filter { $0 <= cut }.count
            #expect(try waiting(spool).map(\.number) == (1...4).prefix(kept).map { Int64($0) }, "cut at \(cut)")
            #expect(spool.nextNumber == Int64(kept + 1), "cut at \(cut)")
            #expect(try waiting(spool).allSatisfy { !$0.gap })
            // What is taken next is readable after another opening.
            #expect(try spool.append(body(99)) == Int64(kept + 1))
            try spool.sync()
            let again = try open(folder)
            #expect(try waiting(again).last?.records == body(99))
            #expect(try waiting(again).last?.gap == false)
            #expect(again.lost == 0, "cut at \(cut): nothing torn is left in the way")
        }
    }

    @Test func `zeros behind the last record, as a file system leaves them, are cut off`() throws {
        let folder = TemporaryFolder()
        do {
            let spool = try open(folder)
            _ = try spool.append(body(1))
            try spool.sync()
        }
        let name = try #require(folder.names("spool").first)
        folder.write("spool/" + name, folder.read("spool/" + name) + [UInt8](repeating: 0, count: 4096))
        let spool = try open(folder)
        #expect(try waiting(spool).map(\.number) == [1])
        #expect(spool.nextNumber == 2)
    }

    @Test func `a flipped bit anywhere loses one report at most, is noticed, and no number is used twice`() throws {
        let whole = TemporaryFolder()
        do {
            let spool = try open(whole)
            for number in 1...4 { _ = try spool.append(body(number)) }
            try spool.sync()
        }
        let name = try #require(whole.names("spool").first)
        let bytes = whole.read("spool/" + name)
        for place in SpoolRecord.headerBytes..<bytes.count {
            let folder = TemporaryFolder()
            try FileManager.default.createDirectory(atPath: folder.path + "/spool", withIntermediateDirectories: true)
            var damaged = bytes
            damaged[place] ^= 0x10
            folder.write("spool/" + name, damaged)
            let spool = try open(folder)
            let reports = try waiting(spool)
            #expect(reports.count == 3, "byte \(place)")
            for report in reports { #expect(report.records == body(Int(report.number)), "byte \(place)") }
            #expect(spool.lost >= 1)
            #expect(spool.nextNumber > 4, "byte \(place): a number could be used again")
            let next = try spool.append(body(5))
            try spool.sync()
            let missing = Set<Int64>([1, 2, 3, 4]).subtracting(reports.map(\.number))
            let after = try waiting(spool).first { $0.number > (missing.first ?? 0) }
            #expect(after?.gap == true, "byte \(place): the report after the hole says so")
            #expect(next > 4)
        }
    }

    @Test func `beyond its bound the oldest go, and the first that is left says that there is a gap`() throws {
        let folder = TemporaryFolder()
        let spool = try open(folder) { $0.bytes = 16_384 }
        for number in 1...1000 {
            _ = try spool.append(body(number))
            #expect(spool.bytes <= 16_384)
        }
        try spool.sync()
        let reports = try waiting(spool)
        let first = try #require(reports.first)
        #expect(first.number > 1)
        #expect(first.gap)
        #expect(reports.dropFirst().allSatisfy { !$0.gap })
        #expect(reports.map(\.number) == Array(first.number...1000))
        #expect(spool.lost == Int(first.number) - 1)
        // The mark survives.
        try spool.close()
        let again = try waiting(open(folder) { $0.bytes = 16_384 })
        #expect(again == reports)
    }

    @Test func `at the bound nothing is dropped, one record past it something is`() throws {
        let folder = TemporaryFolder()
        let record = SpoolRecord.headerBytes + 100
        let spool = try open(folder) {
            $0.bytes = 4096
            $0.segments = 4
        }
        var appended = 0
        while spool.lost == 0, appended < 1000 {
            let before = spool.bytes
            _ = try spool.append([UInt8](repeating: 0x20, count: 100))
            appended += 1
            if spool.lost == 0 { #expect(before + record <= 4096) }
        }
        #expect(spool.lost > 0)
        #expect(appended >= 4096 / record - 4)
    }

    @Test func `a report that is too large is refused and costs nothing`() throws {
        let folder = TemporaryFolder()
        let spool = try open(folder) { $0.reportBytes = 100 }
        _ = try spool.append([UInt8](repeating: 0x20, count: 100))
        #expect(throws: AgentError.self) { try spool.append([UInt8](repeating: 0x20, count: 101)) }
        #expect(spool.nextNumber == 2)
    }

    @Test func `online may push the next number forward, for good, and never back`() throws {
        let folder = TemporaryFolder()
        do {
            let spool = try open(folder)
            _ = try spool.append(body(1))
            try spool.sync()
            try spool.reconcile(nextNumber: 50)
            try spool.reconcile(nextNumber: 3)
            #expect(spool.nextNumber == 50)
            #expect(throws: AgentError.self) { try spool.reconcile(nextNumber: .max) }
        }
        let spool = try open(folder)
        #expect(spool.nextNumber == 50)
        #expect(try waiting(spool).map(\.number) == [1])
        _ = try spool.append(body(2))
        try spool.sync()
        #expect(try waiting(spool).allSatisfy { !$0.gap }, "a leap on purpose is no loss")
    }

    @Test func `a discarded report leaves a gap before the next one, also if that is yet to come`() throws {
        let folder = TemporaryFolder()
        do {
            let spool = try open(folder)
            for number in 1...3 { _ = try spool.append(body(number)) }
            try spool.sync()
            try spool.discard(1)
            #expect(try waiting(spool).map(\.gap) == [true, false])
            try spool.discard(2)
            try spool.discard(3)
            #expect(spool.count == 0)
        }
        let spool = try open(folder)
        _ = try spool.append(body(4))
        try spool.sync()
        #expect(try waiting(spool).map(\.gap) == [true])
    }

    @Test func `a missing segment in the middle is noticed`() throws {
        let folder = TemporaryFolder()
        do {
            let spool = try open(folder) { $0.bytes = 32_768 }
            for number in 1...300 { _ = try spool.append(body(number)) }
            try spool.sync()
        }
        let names = folder.names("spool")
        #expect(names.count > 2)
        try FileManager.default.removeItem(atPath: folder.path + "/spool/" + names[1])
        let spool = try open(folder) { $0.bytes = 32_768 }
        let reports = try waiting(spool)
        #expect(reports.filter(\.gap).count == 1)
        #expect(spool.nextNumber == 301)
    }

    @Test func `a segment whose sync fails ends the spool, and the sync is not tried again on another descriptor`() throws {
        let folder = TemporaryFolder()
        let spool = try open(folder) { $0.bytes = 8192 }
        // The device takes every byte and refuses to sync.
        for number in 2...1000 {
            let digits = String(number)
            let name = String(repeating: "0", count: 19 - digits.count) + digits + Spool.suffix
            try FileManager.default.createSymbolicLink(
                atPath: folder.path + "/spool/" + name, withDestinationPath: "/dev/null")
        }
        var taken = 0
        let error = try #require(throws: AgentError.self) {
            for number in 1...1000 {
                _ = try spool.append(body(number))
                taken += 1
            }
        }
        #expect(error.text.hasPrefix("fsync"))
        #expect(taken > 0 && !spool.isAlive)
        for name in folder.names("spool").dropFirst() {
            try FileManager.default.removeItem(atPath: folder.path + "/spool/" + name)
        }
        #expect(throws: error) { try spool.append(body(1)) }
        #expect(throws: error) { try spool.sync() }
        #expect(folder.names("spool").count == 1, "nothing was begun anew")
    }

    @Test func `a renumbered report keeps its body and gets a number at the end`() throws {
        let folder = TemporaryFolder()
        let spool = try open(folder)
        for number in 1...3 { _ = try spool.append(body(number)) }
        try spool.sync()
        try spool.renumber(2)
        #expect(try waiting(spool).map(\.number) == [1, 3, 4])
        #expect(try spool.report(4)?.records == body(2))
    }
}
