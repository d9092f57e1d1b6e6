// SPDX-License-Identifier: Apache-2.0

extension JSONScan {
    /// What was found wrong, after ``run()`` answered false.
    var error: JSONError {
        let flaw = flaw ?? .unexpected
        let finding = at >= end && flaw.canBeUnfinished ? .unfinished : flaw
        return JSONError(pointer: pointer, reason: finding.reason(depthLimit: depthLimit), offset: at - base)
    }

    /// The JSON Pointer of the place where the scan stopped, from the open containers.
    private var pointer: String {
        var pointer = ""
        for level in 1..<(depth + 1) {
            let isInnermost = level == depth
            let container = containers[level]
            if container.isObject {
                guard let name = isInnermost ? repeated ?? lastName(container) : lastName(container) else { break }
                pointer += "/" + pointerToken(tape.text(name))
            } else if container.count > 0 {
                pointer += "/\(container.count - 1)"
            }
        }
        return pointer
    }

    /// The name of the newest member of an open object. Members that are complete are jumped over.
    private func lastName(_ container: OpenContainer) -> Int? {
        var index = Int(container.node) + 1
        var last: Int?
        while index < nodeCount {
            last = index
            guard index + 1 < nodeCount else { break }
            let value = nodes[index + 1]
            // A container that is still open ends after its bracket; it cannot be jumped over, so it is the newest.
            if value.kind <= Node.array && value.end == value.start &+ 1 { break }
            index = Int(value.next)
        }
        return last
    }
}
