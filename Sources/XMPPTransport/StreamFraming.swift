// SPDX-License-Identifier: Apache-2.0
import XMLStream

/// In what form a stream goes over its connection.
public enum StreamFraming: String, Hashable, Sendable, CaseIterable {
    /// As RFC 6120 has it.
    case xml
    /// XEP-0295: each piece of the same XML stands in a JSON object of its own, `{"s":"…"}`: the stream header, each
    /// element, the end tag. An open brace as the first octet of the connection selects it, for both directions.
    case json
}

/// What came in is no acceptable stream.
public enum StreamFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The XML is at fault.
    case xml(XMLStreamError)
    /// The JSON around it is at fault.
    case json(JSONStreamError)

    public var description: String {
        switch self {
        case .xml(let error): "XML that is not accepted: \(LogText.safe("\(error)"))"
        case .json(let error): "JSON that is not accepted: \(error)"
        }
    }
}

/// Which framing the next connection is tried in (XEP-0295: a server that knows only XML answers with an error, and
/// one reconnects in XML).
///
/// A server that refused JSON gets XML from then on, for as long as XML works; when it does not, JSON has another try,
/// since the server may have been restarted in between. A value.
public struct FramingChoice: Hashable, Sendable {
    /// What the user wants.
    public let preferred: StreamFraming
    /// What to try next.
    public private(set) var next: StreamFraming

    /// - Parameter preferred: with XML there is nothing to choose.
    public init(_ preferred: StreamFraming) {
        self.preferred = preferred
        next = preferred
    }

    /// The peer of a connection that was made did not answer in JSON. Returns whether to connect again at once.
    public mutating func refused() -> Bool {
        guard next == .json else { return false }
        next = .xml
        return true
    }

    /// A connection ended.
    ///
    /// - Parameter wasReady: whether it had come to work.
    public mutating func ended(wasReady: Bool) {
        if !wasReady { next = preferred }
    }
}
