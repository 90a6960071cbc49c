-- Events that operators gave up, for a consumer: every later fold skips them (rule C7).
CREATE TABLE flow_discard (
    consumer     TEXT    NOT NULL,
    event_id     TEXT    NOT NULL,
    stream       TEXT    NOT NULL,
    partition    INTEGER NOT NULL,
    key          TEXT    NOT NULL,
    request_id   TEXT    NOT NULL,
    actor        TEXT    NOT NULL,
    reason       TEXT,
    discarded_at TEXT    NOT NULL,
    PRIMARY KEY (consumer, event_id)
) STRICT, WITHOUT ROWID;

-- What operators did: who, when, why, what.
CREATE TABLE flow_audit (
    number    INTEGER PRIMARY KEY,
    id        TEXT    NOT NULL UNIQUE,
    noted_at  TEXT    NOT NULL,
    actor     TEXT    NOT NULL,
    action    TEXT    NOT NULL,
    reason    TEXT,
    consumer  TEXT,
    stream    TEXT,
    partition INTEGER,
    key       TEXT,
    detail    TEXT
) STRICT;
