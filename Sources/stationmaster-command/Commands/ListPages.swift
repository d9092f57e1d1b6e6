// SPDX-License-Identifier: Apache-2.0
import StationJSON

/// A list that the component gives in pages, gathered into one answer.
struct ListPages {
    /// The most rows that are asked for at once.
    static let page = 1000

    /// The member of the answers that holds the rows.
    let list: String
    var after: String?
    /// Nil for all there is.
    var limit: Int?

    /// - Parameter ask: given `limit` and `after`, one page. Where there is more, it has a member `next`.
    func gather(_ ask: ([JSON.Member]) throws -> JSON) throws -> JSON {
        var rows: [JSON] = []
        var after = after
        while true {
            let wanted = min(Self.page, (limit ?? .max) - rows.count)
            var arguments: [JSON.Member] = [.init("limit", .integer(Int64(wanted)))]
            if let after { arguments.append(.init("after", .string(after))) }
            var answer = try ask(arguments)
            let page = answer.rows(list)
            rows += page
            let next = answer["next"]?.string
            // A page that does not lead on would be asked for again and again.
            let isDone = next == nil || next == after || page.isEmpty || rows.count >= limit ?? .max
            guard isDone else {
                after = next
                continue
            }
            answer[list] = .array(rows)
            return answer
        }
    }
}
