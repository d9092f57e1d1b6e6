// SPDX-License-Identifier: Apache-2.0
import StationCore
import StationModel
import XMLStream
import XMPPCore

// XEP-0060 §6.5.
extension PubSubService {
    func items(_ request: Request, _ context: CoreContext) throws {
        let node = try node(request)
        let asked = try RSMRequest.parse(in: request.pubsub)
        try spend(context)
        let ids = request.action.children.filter { $0.isNamed(PubSub.name("item")) }
        if !ids.isEmpty {
            let (entries, setAside) = try byIdentifier(ids, node, request)
            return try answer(request, node, entries, setAside, isPage: false, context)
        }
        guard let page = try page(node, request, asked) else {
            return try answer(request, node, [], [], isPage: true, context)
        }
        try read(page, request, isPage: asked != nil, context)
    }

    /// Takes a look's share of what may be read in this batch.
    ///
    /// - Throws: `resource-constraint` if there is none left, or if the link would not take the answer.
    private func spend(_ context: CoreContext) throws(StanzaError) {
        guard !context.isLinkCongested, !budget.isSpent else { throw Self.busy }
        use(context)
    }

    private func use(_ context: CoreContext) {
        budget.steps -= 1
        guard !isBudgetUsed else { return }
        isBudgetUsed = true
        context.acknowledge { [self] _ in
            budget = ReadingBudget()
            isBudgetUsed = false
        }
    }

    private static var busy: StanzaError {
        StanzaError(.resourceConstraint, "too many items are asked for at the moment", kind: .wait)
    }

    /// How many pages may be under way at once.
    private static let mostUnderWay = 64

    /// Reads a page to its end, in later batches if it takes long.
    private func read(_ page: ItemsPage, _ request: Request, isPage: Bool, _ context: CoreContext) throws {
        var page = page
        if try page.step(&budget) {
            return try answer(
                request, page.node, page.gathered, page.setAside, isNewestFirst: page.direction == .newest,
                isPage: isPage || !page.gathered.isEmpty, context)
        }
        guard pagesUnderWay < Self.mostUnderWay else { throw Self.busy }
        context.later(milliseconds: page.isHeld ? LogReader.pauseMilliseconds : 0) { [self] in
            try readOn(page, request, isPage: isPage, $0)
        }
        pagesUnderWay += 1
    }

    private func readOn(_ page: ItemsPage, _ request: Request, isPage: Bool, _ context: CoreContext) throws {
        // Whatever happens to this step, it is not under way any more, or once again.
        pagesUnderWay -= 1
        do {
            guard !context.isLinkCongested else { throw Self.busy }
            guard !budget.isSpent else {
                context.later(milliseconds: 0) { [self] in try readOn(page, request, isPage: isPage, $0) }
                pagesUnderWay += 1
                return
            }
            use(context)
            try read(page, request, isPage: isPage, context)
        } catch let error as StanzaError {
            context.reply(to: request.stanza, error: error)
        } catch let damage as StoreDamage {
            context.reply(to: request.stanza, error: damage.refusal)
        } catch let busy as StoreBusy {
            context.reply(to: request.stanza, error: busy.refusal)
        }
    }

    /// `entries` are in the order in which they were looked for.
    private func answer(
        _ request: Request, _ node: PubSubNode, _ entries: [LogEntry], _ setAside: [Int64], isNewestFirst: Bool = false,
        isPage: Bool, _ context: CoreContext
    ) throws(StanzaError) {
        var entries = try isPage ? upToSuspect(entries, context) : suspectLast(entries, context)
        for entry in entries { trials.sending(entry.position, of: entry.publisher, at: context.now) }
        trials.confirmSoon(context)
        if isNewestFirst { entries.reverse() }
        var children = [
            Element(PubSub.name("items"), ["node": node.description], elements: entries.compactMap { item($0) })
        ]
        children += setAside.sorted().map { trials.quarantine.mark($0, node) }
        if isPage {
            let first = entries.first.map { state.item($0.position) }
            children.append(RSMResult(first: first, last: entries.last.map { state.item($0.position) }).element)
        }
        reply(request, context, children)
    }

    /// An item for which the server may close the stream is the last of its answer, and only one is under way at a time: if
    /// that is another one, the answer ends before it, or comes later.
    private func upToSuspect(_ entries: [LogEntry], _ context: CoreContext) throws(StanzaError) -> [LogEntry] {
        guard trials.hasSuspects,
            let place = entries.firstIndex(where: { trials.isSuspect($0.position, of: $0.publisher) })
        else { return entries }
        if trials.maySend(entries[place].position, of: entries[place].publisher, at: context.now) {
            return Array(entries[...place])
        }
        guard place > 0 else { throw Self.busy }
        return Array(entries[..<place])
    }

    /// Whoever asks for items by their ids takes those that are left out for such that there are not. So the answer has all
    /// of them or comes later; the one that is suspected is the last, and there may be one.
    private func suspectLast(_ entries: [LogEntry], _ context: CoreContext) throws(StanzaError) -> [LogEntry] {
        guard trials.hasSuspects else { return entries }
        var entries = entries
        let suspects = entries.indices.filter { trials.isSuspect(entries[$0].position, of: entries[$0].publisher) }
        guard let place = suspects.first else { return entries }
        guard suspects.count == 1, trials.maySend(entries[place].position, of: entries[place].publisher, at: context.now)
        else { throw Self.busy }
        entries.append(entries.remove(at: place))
        return entries
    }

    /// The items that the request names, in its order; those that there are not are left out.
    private func byIdentifier(
        _ ids: [XMLElement], _ node: PubSubNode, _ request: Request
    ) throws -> (entries: [LogEntry], setAside: [Int64]) {
        let page = ItemsPage(
            state: state, node: node, consumer: request.consumer, limit: ids.count, .following, from: 0)
        var entries: [LogEntry] = []
        var setAside: [Int64] = []
        var room = state.configuration.itemsBytes
        for element in ids.prefix(state.configuration.pageLimit) {
            guard let id = element.attribute("id").flatMap({ ItemIdentifier($0) }), id.epoch == state.epoch,
                let publisher = try state.log.publisher(at: id.position), page.belongs(id.position, publisher),
                let entry = try state.log.entry(at: id.position)
            else { continue }
            guard state.quarantine[id.position] == nil else {
                setAside.append(id.position)
                continue
            }
            budget.bytes -= entry.body.count
            let size = ItemsPage.room(for: entry, in: state)
            guard entries.isEmpty || size <= room else { break }
            room -= size
            entries.append(entry)
        }
        return (entries, setAside)
    }

    /// The page that is asked for; nil if it has no items.
    private func page(_ node: PubSubNode, _ request: Request, _ asked: RSMRequest?) throws -> ItemsPage? {
        var limit = asked?.max ?? (asked == nil ? state.configuration.itemsDefault : state.configuration.pageLimit)
        if let text = request.action.attribute("max_items") {
            guard let number = Int(text), number > 0 else {
                throw StanzaError(.badRequest, "'max_items' is a number of 1 or more")
            }
            limit = asked?.max.map { min($0, number) } ?? number
        }
        limit = min(limit, state.configuration.pageLimit)
        guard limit > 0 else { return nil }
        if asked?.index != nil { throw StanzaError(.featureNotImplemented, "items are not counted; page by their ids") }
        var direction = ItemsPage.Direction.newest
        var from = Int64.max
        if let after = asked?.after {
            (direction, from) = (.following, try position(after))
        } else if let before = asked?.before, !before.isEmpty {
            from = try position(before)
        } else if asked != nil, asked?.before == nil, request.action.attribute("max_items") == nil {
            // From the beginning when paging forward is asked for, else the newest.
            (direction, from) = (.following, 0)
        }
        return ItemsPage(state: state, node: node, consumer: request.consumer, limit: limit, direction, from: from)
    }

    private func position(_ id: String) throws(StanzaError) -> Int64 {
        guard let id = ItemIdentifier(id), id.epoch == state.epoch else {
            throw StanzaError(.itemNotFound, "no item has this id")
        }
        return id.position
    }

    /// `<item id='…' publisher='…'><report>…</report></item>` with the text as received.
    private func item(_ entry: LogEntry) -> Element? {
        guard let publisher = state.publishers[entry.publisher]?.record else { return nil }
        let json = Element(XMLName("json", Namespaces.json), text: String(decoding: entry.body, as: UTF8.self))
        return Element(
            PubSub.name("item"), ["id": state.item(entry.position), "publisher": publisher.jid.description],
            elements: [
                Element(
                    XMLName("report", Namespaces.stationmaster), ["late": entry.isLate ? "true" : nil], elements: [json])
            ])
    }
}
