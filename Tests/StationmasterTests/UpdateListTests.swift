// SPDX-License-Identifier: Apache-2.0
import DeviceManagement
import Foundation
import StationJSON
import StationModel
import StationStore
import StationTesting
import Testing

@Suite("Updates: the list of jobs, page by page")
struct UpdateListTests {
    /// 2,501 jobs of three stations, a hundred made in each millisecond, and some of another kind among them.
    private func store() throws -> (StationStore, URL, [String]) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("jobs-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let store = try StationStore(path: folder.appendingPathComponent("store.sqlite").path)
        var made: [(created: Int64, id: String)] = []
        try store.transaction {
            for number in 0..<2501 {
                // Ids are random.
                let id = String(format: "%032lx", (number &* 7919) % 2501)
                let created = Int64(number / 100)
                made.append((created, id))
                for (kind, id) in [("update", id), ("other", "f" + id.dropFirst())] {
                    try store.device.insert(
                        JobRecord(
                            id: id, kind: kind, serial: try Serial("WX-\(number % 3)"), state: "offered", payload: "{}",
                            detail: "", created: Timestamp(milliseconds: created), updated: Timestamp(milliseconds: created),
                            deadline: Timestamp(milliseconds: 1_000_000), isEnded: false))
                }
            }
        }
        return (store, folder, made.sorted { $0.created != $1.created ? $0.created > $1.created : $0.id < $1.id }.map(\.id))
    }

    @Test("Each job stands on one page, the newest first, also where many were made at once", arguments: [1, 7, 100, 1000])
    func pages(limit: Int) throws {
        let (store, folder, expected) = try store()
        defer { try? FileManager.default.removeItem(at: folder) }
        var ids: [String] = []
        var last: JobRecord?
        try store.transaction {
            repeat {
                let page = try store.device.jobs(of: nil, kind: "update", behind: last, limit: limit)
                ids += page.map(\.id)
                last = page.last
            } while last != nil && ids.count <= expected.count
        }
        #expect(ids == expected)
        var own: [String] = []
        last = nil
        try store.transaction {
            repeat {
                let page = try store.device.jobs(of: try Serial("WX-1"), kind: "update", behind: last, limit: limit)
                own += page.map(\.id)
                last = page.last
            } while last != nil && own.count <= expected.count
        }
        #expect(own.count == 834 && own == expected.filter(Set(own).contains))
        try store.close()
    }

    @Test("The command says where the next page begins, and nothing when there is none")
    func command() throws {
        let fixture = try UpdateTests()
        try fixture.trust()
        for number in 2...5 { try TestStation(fixture.bench, "WX-\(number)").install() }
        let manifest = try fixture.manifest()
        for number in 1...5 {
            _ = try fixture.bench.command(
                "update.offer",
                [
                    "serials": [.string("WX-\(number)")], "manifest": manifest,
                    "deadline": .number(fixture.bench.clock.now().seconds + 3600),
                ])
            fixture.bench.advance(seconds: 1)
        }
        var serials: [String?] = []
        var arguments: JSON = ["limit": 2]
        var pages = 0
        while true {
            let answer = try fixture.bench.command("update.status", arguments)
            serials += answer["jobs"]?.items.map { $0["serial"]?.string } ?? []
            pages += 1
            guard let next = answer["next"]?.string else { break }
            arguments = ["limit": 2, "after": .string(next)]
        }
        #expect(serials == ["WX-5", "WX-4", "WX-3", "WX-2", "WX-1"] && pages == 3)
        let whole = try fixture.bench.command("update.status", ["limit": 5])
        #expect(whole["jobs"]?.items.count == 5 && whole["next"] == nil)
        #expect(throws: (any Error).self) { try fixture.bench.command("update.status", ["after": "nothing"]) }
    }
}
