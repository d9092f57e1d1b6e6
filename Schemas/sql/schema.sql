CREATE TABLE announcement (
    serial TEXT PRIMARY KEY NOT NULL,
    spelling TEXT NOT NULL,
    owner TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;

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

CREATE TABLE certificate (
    authority TEXT NOT NULL CHECK (authority IN ('maker', 'owner')),
    number TEXT NOT NULL CHECK (length(number) BETWEEN 2 AND 40),
    serial TEXT NOT NULL,
    not_after_ms INTEGER NOT NULL,
    revoked_ms INTEGER,
    PRIMARY KEY (authority, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX certificate_by_revocation ON certificate (authority, revoked_ms) WHERE revoked_ms IS NOT NULL;

CREATE INDEX certificate_by_serial ON certificate (serial);

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

CREATE TABLE consumer_grant (
    consumer TEXT NOT NULL,
    scope TEXT NOT NULL,
    spelling TEXT NOT NULL,
    since INTEGER NOT NULL CHECK (since >= 0),
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (consumer, scope)
) STRICT, WITHOUT ROWID;

CREATE TABLE contact (
    publisher INTEGER NOT NULL REFERENCES publisher (number),
    consumer TEXT NOT NULL,
    PRIMARY KEY (publisher, consumer)
) STRICT, WITHOUT ROWID;

CREATE TABLE information_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL CHECK (epoch > 0),
    progress_position INTEGER NOT NULL CHECK (progress_position >= 0)
, was_linked INTEGER NOT NULL DEFAULT 0 CHECK (was_linked IN (0, 1))) STRICT;

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

CREATE INDEX job_by_time ON job (kind, created_ms DESC, id);

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

CREATE TABLE log_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    generation INTEGER NOT NULL CHECK (generation >= 0),
    position INTEGER NOT NULL CHECK (position >= 0)
, first_position INTEGER NOT NULL DEFAULT 1 CHECK (first_position > 0)) STRICT;

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

CREATE TABLE quarantine (
    position INTEGER PRIMARY KEY CHECK (position > 0),
    at_ms INTEGER NOT NULL,
    losses INTEGER NOT NULL CHECK (losses > 0)
) STRICT;

CREATE TABLE release_key (
    point BLOB PRIMARY KEY NOT NULL CHECK (length(point) = 65),
    at_ms INTEGER NOT NULL
) STRICT;

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
, highest_sequence INTEGER NOT NULL DEFAULT 0, latitude REAL CHECK (latitude BETWEEN -90 AND 90), longitude REAL CHECK (longitude BETWEEN -180 AND 180), altitude REAL) STRICT;

CREATE INDEX station_by_state ON station (state, serial);

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

CREATE TABLE timer (
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    due_ms INTEGER NOT NULL,
    PRIMARY KEY (name, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX timer_by_due ON timer (due_ms);
