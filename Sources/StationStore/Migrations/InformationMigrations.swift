// SPDX-License-Identifier: Apache-2.0
import GRDB

/// Tables of information services.
enum InformationMigrations {
    static func register(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("information: publishers, log, grants, subscriptions, contacts") { db in
            try db.execute(sql: log)
            try db.execute(sql: consumers)
        }
        migrator.registerMigration("information: log in segments") { db in try db.execute(sql: segments) }
        migrator.registerMigration("information: first report of the log") { db in try db.execute(sql: retention) }
        migrator.registerMigration("information: quarantine") { db in try db.execute(sql: quarantine) }
        migrator.registerMigration("information: whether the link was up once") { db in try db.execute(sql: linked) }
        // Nothing in the database. An earlier version would take frames of the new form for ones that a crash has torn, and
        // cut them off.
        migrator.registerMigration("information: log with a checksum for each report") { _ in }
    }

    private static let log = """
        CREATE TABLE information_state (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            epoch INTEGER NOT NULL CHECK (epoch > 0),
            progress_position INTEGER NOT NULL CHECK (progress_position >= 0)
        ) STRICT;
        INSERT INTO information_state VALUES (1, 1, 0);

        CREATE TABLE publisher (
            number INTEGER PRIMARY KEY CHECK (number > 0),
            serial TEXT NOT NULL UNIQUE,
            spelling TEXT NOT NULL,
            jid TEXT NOT NULL UNIQUE,
            state TEXT NOT NULL CHECK (state IN ('active', 'suspended', 'revoked', 'retired')),
            last_sequence INTEGER NOT NULL CHECK (last_sequence >= 0),
            last_position INTEGER NOT NULL CHECK (last_position >= 0),
            last_report_ms INTEGER
        ) STRICT;

        CREATE TABLE report_log (
            position INTEGER PRIMARY KEY CHECK (position > 0),
            publisher INTEGER NOT NULL REFERENCES publisher (number),
            sequence INTEGER NOT NULL CHECK (sequence > 0),
            received_ms INTEGER NOT NULL,
            is_late INTEGER NOT NULL CHECK (is_late IN (0, 1)),
            body BLOB NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX report_log_by_sequence ON report_log (publisher, sequence);
        CREATE INDEX report_log_by_publisher ON report_log (publisher, position, received_ms);
        """

    private static let consumers = """
        CREATE TABLE consumer_grant (
            consumer TEXT NOT NULL,
            scope TEXT NOT NULL,
            spelling TEXT NOT NULL,
            since INTEGER NOT NULL CHECK (since >= 0),
            at_ms INTEGER NOT NULL,
            PRIMARY KEY (consumer, scope)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE subscription (
            subid TEXT PRIMARY KEY NOT NULL CHECK (length(subid) = 32),
            node TEXT NOT NULL,
            node_spelling TEXT NOT NULL,
            jid TEXT NOT NULL,
            delivers INTEGER NOT NULL CHECK (delivers IN (0, 1)),
            mode TEXT NOT NULL CHECK (mode IN ('live', 'feed')),
            feed_window INTEGER NOT NULL CHECK (feed_window BETWEEN 1 AND 1000),
            cursor INTEGER NOT NULL CHECK (cursor >= 0),
            taker TEXT,
            created_ms INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX subscription_by_node ON subscription (node, jid);

        CREATE TABLE contact (
            publisher INTEGER NOT NULL REFERENCES publisher (number),
            consumer TEXT NOT NULL,
            PRIMARY KEY (publisher, consumer)
        ) STRICT, WITHOUT ROWID;
        """

    /// The reports are in segment files from here on; `report_log` is moved there when the store is opened.
    private static let segments = """
        CREATE TABLE log_state (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            generation INTEGER NOT NULL CHECK (generation >= 0),
            position INTEGER NOT NULL CHECK (position >= 0)
        ) STRICT;
        INSERT INTO log_state VALUES (1, 0, 0);
        """

    /// Items that are not sent any more.
    private static let quarantine = """
        CREATE TABLE quarantine (
            position INTEGER PRIMARY KEY CHECK (position > 0),
            at_ms INTEGER NOT NULL,
            losses INTEGER NOT NULL CHECK (losses > 0)
        ) STRICT;
        """

    /// Retention gives up what lies before the first position; files before it may still be there after a crash.
    private static let retention = """
        ALTER TABLE log_state ADD COLUMN first_position INTEGER NOT NULL DEFAULT 1 CHECK (first_position > 0);
        """

    /// A store that holds reports had a link.
    private static let linked = """
        ALTER TABLE information_state ADD COLUMN was_linked INTEGER NOT NULL DEFAULT 0 CHECK (was_linked IN (0, 1));
        UPDATE information_state SET was_linked = 1 WHERE EXISTS (SELECT 1 FROM log_state WHERE position > 0);
        """
}
