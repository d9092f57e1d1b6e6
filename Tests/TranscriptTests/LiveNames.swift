// SPDX-License-Identifier: Apache-2.0
import Foundation
import XMLStream

/// The addresses of a play and those that they have on a real server. Resources stay.
struct LiveNames {
    private var pairs: [(played: String, real: String)] = []

    /// Gives each consumer of the cast an account: one of the same name, or the next.
    init(_ cast: [Transcript.Member], accounts: [String], domain: String) throws {
        var free = accounts.sorted { ($0.hasPrefix("mallory") ? 1 : 0, $0) < ($1.hasPrefix("mallory") ? 1 : 0, $1) }
        for member in cast where member.domain == domain && !pairs.contains(where: { $0.played == member.bare }) {
            guard let account = free.first(where: { $0 == member.bare }) ?? free.first else {
                throw StageError("there are only \(accounts.count) accounts for consumers")
            }
            free.removeAll { $0 == account }
            pairs.append((member.bare, account))
        }
    }

    /// An address that the server has made up.
    mutating func add(_ played: String, _ real: String) {
        pairs.removeAll { $0.played == played }
        // Full addresses first, or their bare part would be changed alone.
        pairs.insert((played, real), at: 0)
    }

    func real(_ text: String) -> String { pairs.reduce(text) { $0.replacing($1.played, with: $1.real) } }
    func played(_ text: String) -> String { pairs.reduce(text) { $0.replacing($1.real, with: $1.played) } }

    func real(_ element: Element) -> Element { Self.changed(element, real) }
    func played(_ element: Element) -> Element { Self.changed(element, played) }

    private static func changed(_ element: Element, _ change: (String) -> String) -> Element {
        var element = element
        for index in element.attributes.indices { element.attributes[index].value = change(element.attributes[index].value) }
        element.children = element.children.map { child in
            switch child {
            case .text(let text): .text(change(text))
            case .element(let inner): .element(changed(inner, change))
            }
        }
        return element
    }
}
