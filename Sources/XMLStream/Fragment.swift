// SPDX-License-Identifier: Apache-2.0

/// Parses one whole element that is given as text, such as the stanza within a XEP-0295 container.
///
/// - Parameters:
///   - bytes: exactly one element, with whitespace around it at most.
///   - defaultNamespace: the namespace of names without a prefix, as if the element stood in a stream of it.
///   - limits: the same as for streams.
public func parseFragment(
    _ bytes: [UInt8], defaultNamespace: String, limits: XMLLimits = .init()
) throws(XMLStreamError) -> XMLElement {
    var document: [UInt8] = Array("<fragment xmlns='".utf8)
    var escaper = XMLEscaper()
    escaper.append(defaultNamespace, to: &document, as: .attribute)
    document += Array("'>".utf8)
    let parser = XMLStreamParser(limits: limits)
    _ = try parser.feed(document)
    var batches: [StanzaBatch] = []
    var isComplete = false
    for event in try parser.feed(bytes + Array("</fragment>".utf8)) {
        switch event {
        case .stanzas(let batch): batches.append(batch)
        case .closed: isComplete = true
        case .opened: break
        }
    }
    if let failure = parser.failure { throw failure }
    guard isComplete, let batch = batches.first, batches.count == 1, batch.count == 1 else {
        throw .notWellFormed("exactly one element was expected")
    }
    return batch[0]
}
