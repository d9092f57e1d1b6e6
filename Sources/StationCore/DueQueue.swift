// SPDX-License-Identifier: Apache-2.0

/// What is due at some time: the earliest first, and what is due at the same time in the order in which it came.
/// A binary heap.
struct DueQueue<Value> {
    private struct Entry {
        let due: Int64
        let number: UInt64
        let value: Value

        func isBefore(_ other: Entry) -> Bool { due == other.due ? number < other.number : due < other.due }
    }

    private var heap: [Entry] = []
    private var next: UInt64 = 0

    var count: Int { heap.count }
    /// When the first one is due.
    var firstDue: Int64? { heap.first?.due }

    mutating func insert(_ value: Value, due: Int64) {
        heap.append(Entry(due: due, number: next, value: value))
        next &+= 1
        var child = heap.count - 1
        while child > 0, case let parent = (child - 1) / 2, heap[child].isBefore(heap[parent]) {
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the first one if it is due by then.
    mutating func pop(dueBy time: Int64 = .max) -> Value? {
        guard let first = heap.first, first.due <= time else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        sink(0)
        return first.value
    }

    /// Forgets all others.
    mutating func keep(where isKept: (Value) -> Bool) {
        heap.removeAll { !isKept($0.value) }
        for place in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(place) }
    }

    private mutating func sink(_ place: Int) {
        var parent = place
        while true {
            var first = parent
            for child in (2 * parent + 1)...(2 * parent + 2) where child < heap.count && heap[child].isBefore(heap[first]) {
                first = child
            }
            guard first != parent else { return }
            heap.swapAt(parent, first)
            parent = first
        }
    }
}
