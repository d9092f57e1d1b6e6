// SPDX-License-Identifier: Apache-2.0
import XMLStream
import XMPPCore

/// The reports of one read of the link, in the order of their arrival.
///
/// Most of them are *plain*: what is needed of them has been read on the network thread, their bytes lie in the batch of
/// stanzas, and nothing was allocated for each. The others are stanzas like all others.
public final class ReportBatch: Sendable {
    /// One report.
    public enum Item: Sendable {
        /// Read and checked already.
        case plain(PlainReport)
        /// To be handled as any stanza; an index in ``ReportBatch/others``.
        case other(Int)
    }

    /// Holds the bytes of plain reports.
    public let stanzas: StanzaBatch
    /// All reports, in order.
    public let items: [Item]
    /// Reports that are not plain.
    public let others: [Stanza]

    public init(stanzas: StanzaBatch, items: [Item], others: [Stanza]) {
        self.stanzas = stanzas
        self.items = items
        self.others = others
    }

    /// Bytes that it holds, for whoever bounds a queue of batches.
    public var memoryBytes: Int { stanzas.memoryBytes &+ items.count &* MemoryLayout<Item>.stride &+ others.count &* 1024 }

    /// All of them as stanzas, in order: for refusing them.
    public var allStanzas: [Stanza] {
        items.compactMap { item in
            switch item {
            case .plain(let report): try? Stanza(stanzas[report.index])
            case .other(let index): others[index]
            }
        }
    }
}

/// A report that says what nearly all reports say: the shape of ``Report`` and the rules of RFC 8428 were checked, no name
/// in it is another station's, it closes no gap, and its addresses need no escapes.
public struct PlainReport: BitwiseCopyable, Sendable {
    /// Its place in the batch of stanzas.
    public let index: Int
    /// The `id` of the request, as it came.
    public let id: BatchBytes
    /// Its sender, as it came.
    public let from: BatchBytes
    /// Bytes of the sender's localpart.
    public let localLength: Int
    /// Bytes of its domain.
    public let domainLength: Int
    /// `ByteHash` of the localpart.
    public let hash: UInt64
    /// The station's own number of the report.
    public let sequence: Int64
    /// The JSON text.
    public let body: BatchBytes
}
