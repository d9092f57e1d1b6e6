// SPDX-License-Identifier: Apache-2.0
import Logging
import XMPPCore

extension Core {
    /// Runs one handler in a savepoint of its own, with the events it emits. Whatever it throws undoes
    /// what it wrote and becomes an error reply; only a failure of the savepoint itself goes further.
    /// - Returns: whether it was carried out.
    @discardableResult
    func attempt(_ what: String, _ stanza: Stanza? = nil, _ body: () throws -> Void) throws -> Bool {
        let mark = context.mark
        var failure: (any Error)?
        do {
            try store.savepoint {
                do {
                    try body()
                    try settle()
                } catch {
                    failure = error
                    throw error
                }
            }
        } catch {
            context.rollBack(to: mark)
            guard let failure, !store.isFailure(failure), !store.isFailure(error) else { throw error }
            report(failure, what, stanza)
        }
        try runRaised()
        return failure == nil
    }

    private func runRaised() throws {
        guard !context.raised.isEmpty else { return }
        let raised = context.raised
        context.raised.removeAll(keepingCapacity: true)
        for body in raised { try attempt("alarm") { try body(context) } }
    }

    /// Events, timeline and timers that the handler asked for, inside its savepoint.
    private func settle() throws {
        var rounds = 0
        while !context.events.isEmpty {
            let events = context.events
            context.events.removeAll(keepingCapacity: true)
            for event in events {
                for handler in registry.events { try handler(event, context) }
            }
            rounds += 1
            if rounds > 16 { throw CommandError("internal-error", "events go round in circles") }
        }
        for entry in context.journalEntries { try store.appendJournal(entry) }
        context.journalEntries.removeAll(keepingCapacity: true)
        for change in context.timerChanges {
            switch change {
            case .set(let timer):
                try store.setTimer(timer)
                timersDue = timersDue.map { min($0, timer.due) } ?? timer.due
            case .clear(let name, let key): try store.clearTimer(name: name, key: key)
            }
        }
        context.timerChanges.removeAll(keepingCapacity: true)
    }

    private func report(_ failure: any Error, _ what: String, _ stanza: Stanza?) {
        if let error = failure as? StanzaError {
            if let stanza { context.reply(to: stanza, error: error) }
            return
        }
        if failure is CommandError { return }
        if let busy = failure as? StoreBusy {
            if let stanza { context.reply(to: stanza, error: busy.refusal) }
            return
        }
        if let damage = failure as? StoreDamage {
            // The store tells the operator, once.
            if let stanza { context.reply(to: stanza, error: damage.refusal) }
            return
        }
        logger.error("request failed", metadata: ["request": "\(what)", "error": "\(failure)"])
        if let stanza {
            context.reply(to: stanza, error: StanzaError(.internalServerError, "the request could not be carried out"))
        }
    }

    /// What the store has found is told in one place.
    func tellNotices() {
        for notice in store.takeNotices() {
            let level: Logger.Level = notice.severity == .critical ? .critical : .warning
            logger.log(level: level, "\(notice.sentence)", metadata: ["detail": "\(notice.detail)"])
        }
    }
}
