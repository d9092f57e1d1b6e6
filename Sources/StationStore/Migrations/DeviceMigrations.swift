// SPDX-License-Identifier: Apache-2.0
import GRDB

/// Tables of device management.
enum DeviceMigrations {
    static func register(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("device: batches, stations, announcements, challenges, jobs, release keys") { db in
            try db.execute(sql: stations)
            try db.execute(sql: operations)
        }
        migrator.registerMigration("device: revocation lists, ended sessions") { db in try db.execute(sql: revocation) }
        migrator.registerMigration("device: highest sequence, position") { db in try db.execute(sql: floorAndPosition) }
        migrator.registerMigration("device: jobs by time") { db in
            // A page of all jobs must not sort them all: it is read on the core's thread.
            try db.execute(sql: "CREATE INDEX job_by_time ON job (kind, created_ms DESC, id)")
        }
    }

    private static let stations = """
        CREATE TABLE batch (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            model TEXT NOT NULL,
            opened_ms INTEGER NOT NULL,
            closes_ms INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE batch_serial (
            serial TEXT PRIMARY KEY NOT NULL,
            batch INTEGER NOT NULL REFERENCES batch (id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX batch_serial_by_batch ON batch_serial (batch);

        CREATE TABLE station (
            serial TEXT PRIMARY KEY NOT NULL,
            spelling TEXT NOT NULL,
            model TEXT NOT NULL,
            hardware TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('engraved', 'released', 'installed', 'suspended', 'revoked', 'retired')),
            owner TEXT,
            identity_key BLOB NOT NULL UNIQUE CHECK (length(identity_key) = 65),
            identity_certificate BLOB NOT NULL,
            receipt TEXT,
            operational_key BLOB UNIQUE CHECK (length(operational_key) = 65),
            operational_certificate BLOB,
            jid TEXT UNIQUE,
            firmware_version TEXT NOT NULL,
            firmware_sequence INTEGER NOT NULL,
            is_subscribed INTEGER NOT NULL CHECK (is_subscribed IN (0, 1)),
            speaks_json_only INTEGER NOT NULL CHECK (speaks_json_only IN (0, 1)),
            engraved_ms INTEGER,
            installed_ms INTEGER,
            last_seen_ms INTEGER
        ) STRICT;
        CREATE INDEX station_by_state ON station (state, serial);

        CREATE TABLE announcement (
            serial TEXT PRIMARY KEY NOT NULL,
            spelling TEXT NOT NULL,
            owner TEXT NOT NULL,
            at_ms INTEGER NOT NULL
        ) STRICT;
        """

    private static let operations = """
        CREATE TABLE challenge (
            nonce BLOB PRIMARY KEY NOT NULL CHECK (length(nonce) = 32),
            jid TEXT NOT NULL,
            serial TEXT NOT NULL,
            message BLOB NOT NULL,
            request TEXT NOT NULL,
            expires_ms INTEGER NOT NULL,
            UNIQUE (jid, serial)
        ) STRICT;
        CREATE INDEX challenge_by_expiry ON challenge (expires_ms);

        CREATE TABLE job (
            id TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 32),
            kind TEXT NOT NULL,
            serial TEXT NOT NULL,
            state TEXT NOT NULL,
            payload TEXT NOT NULL,
            detail TEXT NOT NULL,
            created_ms INTEGER NOT NULL,
            updated_ms INTEGER NOT NULL,
            deadline_ms INTEGER NOT NULL,
            is_ended INTEGER NOT NULL CHECK (is_ended IN (0, 1))
        ) STRICT;
        CREATE INDEX job_by_serial ON job (serial, is_ended, created_ms);

        CREATE TABLE release_key (
            point BLOB PRIMARY KEY NOT NULL CHECK (length(point) = 65),
            at_ms INTEGER NOT NULL
        ) STRICT;
        """

    /// Certificates of stations that have been replaced or revoked; the others stand in the station's row.
    private static let revocation = """
        CREATE TABLE certificate (
            authority TEXT NOT NULL CHECK (authority IN ('maker', 'owner')),
            number TEXT NOT NULL CHECK (length(number) BETWEEN 2 AND 40),
            serial TEXT NOT NULL,
            not_after_ms INTEGER NOT NULL,
            revoked_ms INTEGER,
            PRIMARY KEY (authority, number)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX certificate_by_serial ON certificate (serial);
        CREATE INDEX certificate_by_revocation ON certificate (authority, revoked_ms) WHERE revoked_ms IS NOT NULL;

        CREATE TABLE revocation_list (
            authority TEXT PRIMARY KEY NOT NULL CHECK (authority IN ('maker', 'owner')),
            number INTEGER NOT NULL CHECK (number > 0),
            next_update_ms INTEGER NOT NULL,
            is_published INTEGER NOT NULL CHECK (is_published IN (0, 1))
        ) STRICT;

        CREATE TABLE session_end (
            jid TEXT PRIMARY KEY NOT NULL,
            serial TEXT NOT NULL,
            spelling TEXT NOT NULL,
            at_ms INTEGER NOT NULL,
            has_ended INTEGER NOT NULL CHECK (has_ended IN (0, 1))
        ) STRICT;
        """

    /// The floor under which an installed sequence is a rollback, and where a station says that it stands.
    private static let floorAndPosition = """
        ALTER TABLE station ADD COLUMN highest_sequence INTEGER NOT NULL DEFAULT 0;
        UPDATE station SET highest_sequence = firmware_sequence;
        ALTER TABLE station ADD COLUMN latitude REAL CHECK (latitude BETWEEN -90 AND 90);
        ALTER TABLE station ADD COLUMN longitude REAL CHECK (longitude BETWEEN -180 AND 180);
        ALTER TABLE station ADD COLUMN altitude REAL;
        """
}
