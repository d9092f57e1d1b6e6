// SPDX-License-Identifier: Apache-2.0
import XMLStream
import XMPPCore

/// A page of a list that stands in memory (XEP-0059).
struct ListPage<Item> {
    private(set) var items: [Item] = []
    /// Nil when no page was asked for and all is there.
    private(set) var result: RSMResult?

    /// The answered `<set/>` as children of an answer.
    var sets: [Element] { result.map { [$0.element] } ?? [] }

    /// `item` gives the item at an index below `count`, `find` the index of the item that an id names.
    ///
    /// - Throws: `item-not-found` for a place that is not in the list (XEP-0059 §2.5).
    init(
        count: Int, _ asked: RSMRequest?, limit: Int, item: (Int) -> Item, id: (Item) -> String,
        find: (String) -> Int?
    ) throws(StanzaError) {
        let size = min(asked?.max ?? limit, limit)
        var range = 0..<min(size, count)
        if let after = asked?.after {
            guard let index = find(after) else { throw Self.unknown }
            range = (index + 1)..<min(index + 1 + size, count)
        } else if let before = asked?.before {
            var end = count
            if !before.isEmpty {
                guard let index = find(before) else { throw Self.unknown }
                end = index
            }
            range = max(0, end - size)..<end
        } else if let index = asked?.index {
            // XEP-0059 §2.6: beyond the end there is an empty page.
            let start = min(index, count)
            range = start..<min(start + size, count)
        }
        items = range.map(item)
        guard asked != nil || items.count < count else { return }
        result = RSMResult(
            first: items.first.map(id), firstIndex: items.isEmpty ? nil : range.lowerBound, last: items.last.map(id),
            count: count)
    }

    private static var unknown: StanzaError { StanzaError(.itemNotFound, "the list has no such place") }
}
