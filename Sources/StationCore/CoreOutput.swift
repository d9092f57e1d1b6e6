// SPDX-License-Identifier: Apache-2.0
import StationModel
import XMLStream
import XMPPCore

/// What goes out after the commit. Gathers whole stanzas and hands them to the link in chunks,
/// so that a large fan-out never stands in memory whole.
///
/// It also watches the link: while the server does not take what there is, it is *congested*, and deliveries have to wait
/// for the room that is left to answers.
public final class CoreOutput {
    private let outlet: any StanzaOutlet
    private let domain: String
    private let chunkBytes: Int
    private let congestedBytes: Int
    private let relievedBytes: Int
    @exclusivity(unchecked) private var writer = XMLWriter(defaultNamespace: Namespaces.component)
    /// The time of the batch.
    public internal(set) var now = Timestamp(milliseconds: 0)
    /// Chunks handed to the link so far, whether or not it took them.
    public private(set) var chunks = 0
    /// Chunks that the link did not take (down, or its queue full).
    public private(set) var refusedChunks = 0
    /// Stanzas were left out since their sender is not ours: a fault of the program.
    private var hasForeign = false
    /// The last chunks in a row that the link did not take, counted from 0.
    private var refusals = 0..<0
    /// Whether the link took the last chunk.
    public private(set) var isFlowing = true
    /// Whether deliveries have to wait: the link is down, has refused the last chunk, or has too much to write.
    public private(set) var isCongested = false
    /// The link is relieved, and nobody was told yet.
    private var isRelieved = false
    /// The connection that the core knows of; nil while there is none.
    private var link: Int? = 0

    /// - Parameter domain: the one domain that stanzas may be from.
    init(outlet: any StanzaOutlet, domain: String, limits: CoreLimits) {
        self.outlet = outlet
        self.domain = domain
        chunkBytes = limits.outputChunkBytes
        congestedBytes = limits.linkCongestedBytes
        relievedBytes = min(limits.linkRelievedBytes, limits.linkCongestedBytes)
    }

    /// One stanza, which has to be from an address of the component: servers end the whole stream for another one (Prosody:
    /// `invalid-from`), so it is left out and told.
    public func send(_ stanza: OutgoingStanza) {
        if !stanza.write(from: domain, into: &writer) { hasForeign = true }
        flushIfFull()
    }

    /// Whether stanzas were left out since the last call.
    func takeForeign() -> Bool {
        defer { hasForeign = false }
        return hasForeign
    }

    /// Whole stanzas only, written by `body`.
    public func withWriter(_ body: (inout XMLWriter) -> Void) {
        body(&writer)
        flushIfFull()
    }

    private func flushIfFull() {
        if writer.count >= chunkBytes { flush() }
    }

    /// Hands over what has gathered; ``isFlowing`` says whether the link took it.
    public func flush() {
        guard writer.count > 0 else { return }
        // The outlet copies what it takes, so the memory is written again.
        isFlowing = link.map { outlet.deliver(writer.bytes, over: $0) } ?? false
        writer.removeAll(keepingCapacity: true)
        if !isFlowing {
            refusedChunks &+= 1
            refusals = (refusals.upperBound == chunks ? refusals.lowerBound : chunks)..<(chunks &+ 1)
        }
        chunks &+= 1
        if !isFlowing || outlet.pendingBytes >= congestedBytes { isCongested = true }
    }

    /// Whether the link has refused a chunk, counted from 0; the one that is being filled is ``chunks``. Only asked about
    /// chunks that were handed over lately.
    public func hasRefused(_ chunk: Int) -> Bool { refusals.contains(chunk) }

    // MARK: - The link

    /// How soon a congested link is to be looked at again, in milliseconds; nil if there is no need.
    var lookAgain: Int64? {
        if isRelieved { return 0 }
        return isCongested && link != nil ? Self.lookMilliseconds : nil
    }

    private static let lookMilliseconds: Int64 = 50

    /// The link came up, with this number, or went down.
    func linkIs(up generation: Int?) {
        link = generation
        isFlowing = generation != nil
        if generation == nil { isCongested = true }
        look()
    }

    /// Whether the server has taken enough by now. A link that has refused is tried again once little waits in it.
    func look() {
        guard isCongested, link != nil, outlet.pendingBytes <= relievedBytes else { return }
        isFlowing = true
        isCongested = false
        isRelieved = true
    }

    /// Those who wait were told and did not get through with it: they are told again, after the next batch.
    public func relieveAgain() { isRelieved = !isCongested }

    /// Whether those who wait are to go on now; says yes once.
    func takeRelief() -> Bool {
        defer { isRelieved = false }
        return isRelieved && !isCongested
    }
}
