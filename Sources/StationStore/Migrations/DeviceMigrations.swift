// SPDX-License-Identifier: Apache-2.0
import GRDB

/// Tables of device management.
enum DeviceMigrations {
    static func register(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("device: batches, stations, announcements, challenges, jobs, release keys") { db in
            try db.execute(sql: stations)
            try db.execute(sql: operations)
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
}
