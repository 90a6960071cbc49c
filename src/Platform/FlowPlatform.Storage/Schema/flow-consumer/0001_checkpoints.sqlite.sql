-- How far consumers have come; commits with the rows it speaks of (rules C1, C2, C3, G1).
CREATE TABLE flow_checkpoint (
    consumer      TEXT    NOT NULL,
    stream        TEXT    NOT NULL,
    partition     INTEGER NOT NULL,
    partitions    INTEGER NOT NULL,
    next_offset   INTEGER NOT NULL,
    epoch         INTEGER NOT NULL,
    producer      TEXT,
    mark          INTEGER NOT NULL,
    joined_at     INTEGER NOT NULL,
    last_offset   INTEGER NOT NULL,
    last_event_id TEXT,
    event_time    TEXT,
    applied       INTEGER NOT NULL,
    PRIMARY KEY (consumer, stream, partition)
) STRICT, WITHOUT ROWID;

-- Records by which the log is recognised: dense for the outbox's retention, sparse before.
CREATE TABLE flow_anchor (
    consumer     TEXT    NOT NULL,
    stream       TEXT    NOT NULL,
    partition    INTEGER NOT NULL,
    "offset"     INTEGER NOT NULL,
    event_id     TEXT    NOT NULL,
    committed_at TEXT    NOT NULL,
    PRIMARY KEY (consumer, stream, partition, "offset")
) STRICT, WITHOUT ROWID;

-- Marks of producers' earlier incarnations.
CREATE TABLE flow_retired_mark (
    consumer  TEXT    NOT NULL,
    stream    TEXT    NOT NULL,
    partition INTEGER NOT NULL,
    producer  TEXT    NOT NULL,
    mark      INTEGER NOT NULL,
    PRIMARY KEY (consumer, stream, partition, producer)
) STRICT, WITHOUT ROWID;

-- What an operator should know about the log.
CREATE TABLE flow_incident (
    id         INTEGER PRIMARY KEY,
    consumer   TEXT    NOT NULL,
    stream     TEXT    NOT NULL,
    partition  INTEGER NOT NULL,
    mark       INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    detail     TEXT    NOT NULL,
    noted_at   TEXT    NOT NULL
) STRICT;
