// SPDX-License-Identifier: Apache-2.0

/// Rows as people read them: columns under headings, as wide as they need to be. No cell can leave its place.
struct Table {
    let headings: [String]
    let rows: [[String]]

    init(headings: [String], rows: [[String]]) {
        self.headings = headings
        self.rows = rows.map { $0.map(TerminalText.safe) }
    }

    var text: String {
        guard !rows.isEmpty else { return "nothing there" }
        let widths = headings.indices.map { column in
            ([headings] + rows).map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return ([headings] + rows).map { row in
            zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: max(0, width - cell.count))
            }.joined(separator: "  ").trimmingSuffix(" ")
        }.joined(separator: "\n")
    }
}

extension String {
    func trimmingSuffix(_ character: Character) -> String {
        var text = self
        while text.last == character { text.removeLast() }
        return text
    }
}
