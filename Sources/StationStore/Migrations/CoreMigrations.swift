// SPDX-License-Identifier: Apache-2.0
import GRDB

/// Tables of the core itself: timers, timeline, hash-chained log.
enum CoreMigrations {
    static func register(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("core: timers, journal, audit") { db in
            try db.execute(
                sql: """
                    CREATE TABLE timer (
                        name TEXT NOT NULL,
                        key TEXT NOT NULL,
                        due_ms INTEGER NOT NULL,
                        PRIMARY KEY (name, key)
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX timer_by_due ON timer (due_ms);

                    CREATE TABLE journal (
                        id INTEGER PRIMARY KEY,
                        serial TEXT NOT NULL,
                        at_ms INTEGER NOT NULL,
                        category TEXT NOT NULL CHECK (category IN
                            ('presence', 'identity', 'job', 'report', 'delivery', 'governance')),
                        text TEXT NOT NULL,
                        detail TEXT
                    ) STRICT;
                    CREATE INDEX journal_by_serial ON journal (serial, id);

                    CREATE TABLE audit (
                        sequence INTEGER PRIMARY KEY CHECK (sequence > 0),
                        at_ms INTEGER NOT NULL,
                        actor TEXT NOT NULL,
                        action TEXT NOT NULL,
                        subject TEXT NOT NULL,
                        detail TEXT NOT NULL,
                        previous_hash TEXT NOT NULL UNIQUE CHECK (length(previous_hash) = 64),
                        hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 64)
                    ) STRICT;
                    """)
        }
    }
}
