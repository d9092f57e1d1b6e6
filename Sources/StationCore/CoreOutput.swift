// SPDX-License-Identifier: Apache-2.0
import StationModel
import XMLStream
import XMPPCore

/// What goes out after the commit. Gathers whole stanzas and hands them to the link in chunks,
/// so that a large fan-out never stands in memory whole.
public final class CoreOutput {
    private let outlet: any StanzaOutlet
    private let chunkBytes: Int
    @exclusivity(unchecked) private var writer = XMLWriter(defaultNamespace: Namespaces.component)
    /// The time of the batch.
    public internal(set) var now = Timestamp(milliseconds: 0)
    /// Chunks that the link did not take (down, or its queue full).
    public private(set) var refusedChunks = 0
    /// Whether the link took the last chunk.
    public private(set) var isFlowing = true

    init(outlet: any StanzaOutlet, chunkBytes: Int) {
        self.outlet = outlet
        self.chunkBytes = chunkBytes
    }

    /// One stanza.
    public func send(_ stanza: OutgoingStanza) {
        stanza.write(into: &writer)
        flushIfFull()
    }

    /// Whole stanzas only, written by `body`.
    public func withWriter(_ body: (inout XMLWriter) -> Void) {
        body(&writer)
        flushIfFull()
    }

    private func flushIfFull() {
        if writer.count >= chunkBytes { flush() }
    }

    /// Whether the link took it all.
    func flush() {
        guard writer.count > 0 else { return }
        // The outlet copies what it takes, so the memory is written again.
        isFlowing = outlet.deliver(writer.bytes)
        writer.removeAll(keepingCapacity: true)
        if !isFlowing { refusedChunks += 1 }
    }
}
