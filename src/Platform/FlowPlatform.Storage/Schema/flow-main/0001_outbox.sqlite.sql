CREATE TABLE flow_meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The end of each partition's order: sequences are taken here, last in every commit (rule P6); confirmed_id outlives trimming (rule P3).
CREATE TABLE flow_outbox_head (
    stream       TEXT    NOT NULL,
    partition    INTEGER NOT NULL,
    assigned     INTEGER NOT NULL,
    confirmed    INTEGER NOT NULL,
    confirmed_id TEXT,
    PRIMARY KEY (stream, partition)
) STRICT, WITHOUT ROWID;

CREATE TABLE flow_outbox (
    stream         TEXT    NOT NULL,
    partition      INTEGER NOT NULL,
    sequence       INTEGER NOT NULL,
    event_id       TEXT    NOT NULL,
    type           TEXT    NOT NULL,
    key            TEXT    NOT NULL,
    time           TEXT    NOT NULL,
    committed_at   TEXT    NOT NULL,
    content_type   TEXT    NOT NULL,
    correlation_id TEXT,
    causation_id   TEXT,
    traceparent    TEXT,
    tracestate     TEXT,
    data           BLOB    NOT NULL,
    PRIMARY KEY (stream, partition, sequence)
) STRICT;

-- Commands on their way to their queue; a row goes when the queue has confirmed it.
CREATE TABLE flow_command (
    number         INTEGER PRIMARY KEY,
    id             TEXT    NOT NULL UNIQUE,
    name           TEXT    NOT NULL,
    body           BLOB    NOT NULL,
    time           TEXT    NOT NULL,
    causation_id   TEXT    NOT NULL,
    correlation_id TEXT,
    traceparent    TEXT
) STRICT;

-- Commands that were handled (rule M1). Rows stay: they outlive the error queue.
CREATE TABLE flow_inbox (
    command_id TEXT PRIMARY KEY,
    handler    TEXT NOT NULL,
    handled_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Which generation of a projection is live: a pointer only, the rest is in the generation (rule G1).
CREATE TABLE flow_generation (
    projection TEXT    NOT NULL,
    generation INTEGER NOT NULL,
    live       INTEGER NOT NULL,
    created_at TEXT    NOT NULL,
    PRIMARY KEY (projection, generation)
) STRICT, WITHOUT ROWID;
