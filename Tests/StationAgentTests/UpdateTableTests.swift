// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import StationAgent

@Suite struct UpdateTableTests {
    @Test func `every state can be reached from an offer`() {
        var reached: Set<UpdateState> = [.offered]
        for _ in UpdateState.allCases {
            for row in UpdateTable.rows where reached.contains(row.from) { reached.insert(row.to) }
        }
        #expect(reached == Set(UpdateState.allCases))
    }

    @Test(arguments: UpdateState.allCases) func `a state has a way out and a timeout, or neither`(state: UpdateState) {
        let ways = UpdateTable.rows.filter { $0.from == state }
        #expect(ways.isEmpty == state.isFinal)
        #expect((UpdateTable.longest(state) == nil) == state.isFinal)
        if !state.isFinal { #expect(UpdateTable.next(state, .timedOut) != nil) }
        // And from there to an end.
        var reached: Set<UpdateState> = [state]
        for _ in UpdateState.allCases {
            for row in UpdateTable.rows where reached.contains(row.from) { reached.insert(row.to) }
        }
        #expect(reached.contains { $0.isFinal })
    }

    @Test func `one event in one state means one thing`() {
        let pairs = UpdateTable.rows.map { "\($0.from) \($0.on)" }
        #expect(Set(pairs).count == pairs.count)
    }

    @Test func `no event is without a row`() {
        #expect(Set(UpdateTable.rows.map(\.on)) == Set(UpdateEvent.allCases))
    }

    @Test func `completed is only reached by way of a restart, or of what ran already`() {
        let before = Set(UpdateTable.rows.filter { $0.to == .confirming }.map(\.from))
        #expect(before == [.restarting, .offered])
        #expect(Set(UpdateTable.rows.filter { $0.to == .completed }.map(\.from)) == [.confirming])
        #expect(UpdateTable.rows.filter { $0.to == .installing }.map(\.from) == [.downloading])
    }
}
