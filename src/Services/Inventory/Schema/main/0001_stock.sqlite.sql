-- The authoritative stock. on_hand counts what is in the house, what is set aside for orders included; it may be negative.
CREATE TABLE stock (
    code     TEXT PRIMARY KEY,
    on_hand  INTEGER NOT NULL,
    reserved INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row per order. Awaited: something came before the order itself, and ending says what.
CREATE TABLE reservation (
    order_id    TEXT PRIMARY KEY,
    status      TEXT NOT NULL CHECK (status IN ('Awaited', 'Reserved', 'Rejected', 'Cancelled', 'Released', 'Dispatched')),
    units       INTEGER NOT NULL DEFAULT 0,
    ending      TEXT,
    ending_at   TEXT,
    reserved_at TEXT,
    stock       TEXT -- JSON, kept while it is set aside
) STRICT;

-- Covers the summary, so that it reads no row.
CREATE INDEX reservation_by_status ON reservation (status, units);

CREATE TABLE restock (
    return_id TEXT PRIMARY KEY,
    units     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE adjustment (
    adjustment_id TEXT PRIMARY KEY,
    fingerprint   TEXT NOT NULL,
    lines         INTEGER NOT NULL,
    accepted_at   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
