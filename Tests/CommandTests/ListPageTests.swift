// SPDX-License-Identifier: Apache-2.0
import StationJSON
import Testing

@testable import stationmaster_command

@Suite struct ListPageTests {
    /// Rows 1 to `count`, as the component gives them.
    private func list(_ count: Int, _ arguments: [JSON.Member]) -> JSON {
        let arguments = JSON.object(arguments)
        let first = arguments["after"]?.string.flatMap { Int($0) } ?? 0
        let last = min(count, first + Int(arguments["limit"]?.int64 ?? 0))
        var answer: JSON = ["rows": .array((first..<last).map { .integer(Int64($0 + 1)) })]
        if last < count { answer["next"] = .string(String(last)) }
        return answer
    }

    /// (how many there are, after, limit, first and last that are shown, next)
    @Test(arguments: [
        (0, nil, nil, 0, nil), (1000, nil, nil, 1000, nil), (1001, nil, nil, 1001, nil), (2500, nil, nil, 2500, nil),
        (2500, "2499", nil, 1, nil), (2500, nil, 1, 1, "1"), (2500, nil, 1000, 1000, "1000"),
        (2500, nil, 1500, 1500, "1500"), (2500, nil, 2500, 2500, nil), (2500, "100", 2400, 2400, nil),
    ] as [(Int, String?, Int?, Int, String?)])
    func `A list is whole, or as long as it was asked for`(
        count: Int, after: String?, limit: Int?, rows: Int, next: String?
    ) throws {
        let answer = try ListPages(list: "rows", after: after, limit: limit).gather { list(count, $0) }
        let first = Int64(after ?? "0") ?? 0
        #expect(answer.rows("rows").compactMap(\.int64) == (0..<Int64(rows)).map { first + $0 + 1 })
        #expect(answer["next"]?.string == next)
    }

    @Test func `A page that leads nowhere ends the list`() throws {
        var asked = 0
        _ = try ListPages(list: "rows", limit: nil).gather { _ in
            asked += 1
            return ["rows": [1], "next": "x"]
        }
        #expect(asked == 2)
    }
}
