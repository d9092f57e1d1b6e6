// SPDX-License-Identifier: Apache-2.0
import XMLStream
import XMPPCore
import XMPPTransport

/// What is left of a batch when something in it is the link's own: the answer to the handshake, a ping come back,
/// a stream error. Rare, so the rest is simply written and parsed anew.
enum BatchRemainder {
    /// The elements of the batch for which `isOurs` says no, in their order; the batch itself if that is all of them,
    /// nil if none is left.
    static func of(_ batch: StanzaBatch, limits: XMLLimits, without isOurs: (XMLElement) -> Bool) -> StanzaBatch? {
        var kept: [Int] = []
        for index in 0..<batch.count where !isOurs(batch[index]) { kept.append(index) }
        if kept.count == batch.count { return batch }
        if kept.isEmpty { return nil }
        var writer = XMLWriter(defaultNamespace: Namespaces.component)
        for index in kept { writer.write(batch[index]) }
        let header = StreamOpening.tag(content: Namespaces.component, to: "")
        let parser = XMLStreamParser(limits: limits)
        guard let events = try? parser.feed(Array(header.utf8) + writer.take()) else { return nil }
        for case .stanzas(let rest) in events { return rest }
        return nil
    }
}
