// SPDX-License-Identifier: Apache-2.0
import StationJSON
import XMLStream

/// Where a play is given: who carries the stanzas, and how links go, time passes and the operator speaks.
///
/// There are two: a bench in memory with a virtual clock, and a real server with the real program.
protocol Stage: AnyObject {
    /// Whose keys the stations have.
    var keys: KeyChest { get }

    /// Hands in a stanza of a member. `isLost`: the link goes before anything that follows from it gets out.
    func send(_ stanza: Element, from member: Transcript.Member, isLost: Bool) async throws
    /// The next stanza for a member; nil if none comes.
    func receive(_ member: Transcript.Member, like expected: Element) async throws -> Element?
    /// A stanza that has come and that nobody has taken, for this member or for anybody.
    func left(for member: Transcript.Member?) -> Element?
    /// Forgets what has come and nobody has taken.
    func clear() async throws

    /// A member's session ends.
    func leave(_ member: Transcript.Member) async throws
    func pass(seconds: Double) async throws
    func hangUp() async throws
    func connect() async throws
    func restart() async throws
    func command(_ name: String, _ arguments: JSON) async throws -> JSON
}

/// Why a stage cannot go on.
struct StageError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
