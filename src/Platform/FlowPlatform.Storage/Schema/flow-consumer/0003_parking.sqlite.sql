-- Keys whose events a consumer can't apply for the time being, and what the partition's owner is asked to do about them (rule C7).
CREATE TABLE flow_parked_key (
    consumer       TEXT    NOT NULL,
    stream         TEXT    NOT NULL,
    partition      INTEGER NOT NULL,
    key            TEXT    NOT NULL,
    events         INTEGER NOT NULL,
    appended       INTEGER NOT NULL,
    since          TEXT    NOT NULL,
    exception      TEXT    NOT NULL,
    message        TEXT    NOT NULL,
    stack          TEXT,
    failures       INTEGER NOT NULL,
    request        TEXT,
    request_id     TEXT,
    request_actor  TEXT,
    request_reason TEXT,
    request_at     TEXT,
    request_event  TEXT,
    request_up_to  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (consumer, stream, partition, key)
) STRICT, WITHOUT ROWID;

-- Events behind a parked key, in order: the one that failed, and those that came after it.
CREATE TABLE flow_parked (
    consumer       TEXT    NOT NULL,
    stream         TEXT    NOT NULL,
    partition      INTEGER NOT NULL,
    key            TEXT    NOT NULL,
    number         INTEGER NOT NULL,
    parked_at      TEXT    NOT NULL,
    "offset"       INTEGER NOT NULL,
    logged_at      TEXT    NOT NULL,
    event_id       TEXT    NOT NULL,
    type           TEXT    NOT NULL,
    source         TEXT    NOT NULL,
    time           TEXT    NOT NULL,
    committed_at   TEXT    NOT NULL,
    content_type   TEXT    NOT NULL,
    traceparent    TEXT,
    tracestate     TEXT,
    correlation_id TEXT,
    causation_id   TEXT,
    producer       TEXT,
    sequence       INTEGER NOT NULL,
    data           BLOB    NOT NULL,
    PRIMARY KEY (consumer, stream, partition, key, number)
) STRICT;

-- Events that were given up: skipped when they come again. The main store has them first, and why.
CREATE TABLE flow_discarded (
    consumer TEXT NOT NULL,
    event_id TEXT NOT NULL,
    PRIMARY KEY (consumer, event_id)
) STRICT, WITHOUT ROWID;
