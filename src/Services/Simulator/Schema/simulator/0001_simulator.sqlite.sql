-- One row per input that was ever replayed here. position: every action below it has arrived. Times are unix milliseconds.
CREATE TABLE run (
    input           TEXT PRIMARY KEY,
    started_at      INTEGER NOT NULL,
    saved_at        INTEGER NOT NULL,
    position        INTEGER NOT NULL,
    anchor_wall     INTEGER,
    anchor_position INTEGER,
    anchor_event    INTEGER,
    pace            TEXT
) STRICT;

-- What the card gateway has decided, by idempotency key. Amounts are ten-thousandths.
CREATE TABLE gateway_book (
    key           TEXT PRIMARY KEY,
    kind          TEXT NOT NULL CHECK (kind IN ('charge', 'refund')),
    reference     TEXT NOT NULL,
    amount        INTEGER NOT NULL,
    approved      INTEGER NOT NULL,
    authorization TEXT,
    reason        TEXT
) STRICT, WITHOUT ROWID;

-- What the courier has booked, by idempotency key.
CREATE TABLE courier_book (
    key           TEXT PRIMARY KEY,
    order_id      TEXT NOT NULL,
    country       TEXT NOT NULL,
    units         INTEGER NOT NULL,
    tracking_code TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- How often a request under a key has failed on purpose.
CREATE TABLE outage (
    key      TEXT PRIMARY KEY,
    failures INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
