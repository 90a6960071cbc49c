-- One stream, as it was defined. The id tells a stream from another of the same name.
CREATE TABLE stream (
    id            TEXT    NOT NULL,
    partitions    INTEGER NOT NULL,
    max_age_ms    INTEGER,
    max_bytes     INTEGER,
    segment_bytes INTEGER NOT NULL
) STRICT;

-- Where each partition ends; stored_at is its newest chunk's, so that time never goes back along a partition.
CREATE TABLE partition (
    number      INTEGER PRIMARY KEY,
    next_offset INTEGER NOT NULL DEFAULT 0,
    stored_at   INTEGER NOT NULL DEFAULT 0,
    bytes       INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What was appended together. The offsets of its records are consecutive; its key is the last one: a single seek finds the chunk that has an offset, or else the next.
CREATE TABLE chunk (
    partition   INTEGER NOT NULL,
    last_offset INTEGER NOT NULL,
    records     INTEGER NOT NULL,
    stored_at   INTEGER NOT NULL,
    crc         INTEGER NOT NULL,
    data        BLOB    NOT NULL
) STRICT;

CREATE UNIQUE INDEX chunk_place ON chunk (partition, last_offset);

CREATE INDEX chunk_time ON chunk (partition, stored_at, last_offset);

-- The last sequence that is stored of each producer, and where: what it sends again is dropped.
CREATE TABLE producer (
    partition   INTEGER NOT NULL,
    reference   TEXT    NOT NULL,
    sequence    INTEGER NOT NULL,
    last_offset INTEGER NOT NULL,
    PRIMARY KEY (partition, reference)
) STRICT, WITHOUT ROWID;
