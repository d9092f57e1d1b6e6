// SPDX-License-Identifier: Apache-2.0

import XMLStream

/// XEP-0059: Result Set Management, as a feature: long answers come in pages.
public struct ResultSets: Feature {
    public static let specifications = [Specification.xep(59, "1.0")]

    /// The feature has nothing to be set.
    public init() {}

    public func register(on router: inout Router) {
        router.advertise(Namespaces.resultSets)
    }

    /// The name of both the request and the answer.
    static let name = XMLName("set", Namespaces.resultSets)

    static func child(_ local: String) -> XMLName { XMLName(local, Namespaces.resultSets) }

    /// A number of the answer or request; nil when it is missing, malformed or negative.
    static func number(_ text: String?) -> Int? {
        text.flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
    }
}

/// Which page is wanted (XEP-0059 §2).
public struct RSMRequest: Hashable, Sendable {
    /// At most so many items; 0 asks for the count alone.
    public var max: Int?
    /// Items behind the one with this identifier.
    public var after: String?
    /// Items ahead of the one with this identifier; empty for the last page.
    public var before: String?
    /// Items from this place on, counted from 0.
    public var index: Int?

    /// A request for a page.
    public init(max: Int? = nil, after: String? = nil, before: String? = nil, index: Int? = nil) {
        self.max = max
        self.after = after
        self.before = before
        self.index = index
    }

    /// Reads the request inside a payload; nil when none is there.
    ///
    /// - Throws: `bad-request` for a number that is none, or for both ends at once.
    public static func parse(in payload: XMLElement) throws(StanzaError) -> RSMRequest? {
        guard let set = payload.firstChild(ResultSets.name) else { return nil }
        var request = RSMRequest()
        request.max = try number("max", in: set)
        request.index = try number("index", in: set)
        request.after = set.firstChild(ResultSets.child("after"))?.text
        request.before = set.firstChild(ResultSets.child("before"))?.text
        if request.after != nil, request.before != nil {
            throw StanzaError(.badRequest, "a page lies after or before an item, not both")
        }
        return request
    }

    private static func number(_ local: String, in set: XMLElement) throws(StanzaError) -> Int? {
        guard let child = set.firstChild(ResultSets.child(local)) else { return nil }
        guard let value = ResultSets.number(child.text) else {
            throw StanzaError(.badRequest, "'\(local)' of a result set must be a number of 0 or more")
        }
        return value
    }

    /// The child of a payload that asks for a page.
    public var element: Element {
        var element = Element(ResultSets.name)
        if let max { element.append(Element(ResultSets.child("max"), text: String(max))) }
        if let after { element.append(Element(ResultSets.child("after"), text: after)) }
        if let before { element.append(Element(ResultSets.child("before"), text: before)) }
        if let index { element.append(Element(ResultSets.child("index"), text: String(index))) }
        return element
    }
}

/// Which page was answered (XEP-0059 §2).
public struct RSMResult: Hashable, Sendable {
    /// The identifier of the first item; nil for an empty page.
    public var first: String?
    /// The place of the first item among all, counted from 0.
    public var firstIndex: Int?
    /// The identifier of the last item; nil for an empty page.
    public var last: String?
    /// How many items there are on all pages.
    public var count: Int?

    /// An answered page.
    public init(first: String? = nil, firstIndex: Int? = nil, last: String? = nil, count: Int? = nil) {
        self.first = first
        self.firstIndex = firstIndex
        self.last = last
        self.count = count
    }

    /// Reads the page that a payload says it is; nil when it says nothing.
    public init?(in payload: XMLElement) {
        guard let set = payload.firstChild(ResultSets.name) else { return nil }
        let first = set.firstChild(ResultSets.child("first"))
        self.init(
            first: first?.text, firstIndex: ResultSets.number(first?.attribute("index")),
            last: set.firstChild(ResultSets.child("last"))?.text,
            count: ResultSets.number(set.firstChild(ResultSets.child("count"))?.text))
    }

    /// The child of a payload that says which page it is.
    public var element: Element {
        var element = Element(ResultSets.name)
        if let first {
            element.append(
                Element(ResultSets.child("first"), ["index": firstIndex.map { String($0) }], text: first))
        }
        if let last { element.append(Element(ResultSets.child("last"), text: last)) }
        if let count { element.append(Element(ResultSets.child("count"), text: String(count))) }
        return element
    }
}
