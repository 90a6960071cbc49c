-- kind: 1 gauge, 2 sum, 3 histogram, 4 exponential histogram, 5 summary. temporality: 1 delta, 2 cumulative.
CREATE TABLE instrument (
    id          INTEGER PRIMARY KEY,
    meter       TEXT NOT NULL,
    name        TEXT NOT NULL,
    unit        TEXT NOT NULL,
    description TEXT NOT NULL,
    kind        INTEGER NOT NULL,
    temporality INTEGER NOT NULL,
    monotonic   INTEGER NOT NULL,
    UNIQUE (meter, name, unit, kind, temporality, monotonic)
) STRICT;

CREATE TABLE series (
    id         INTEGER PRIMARY KEY,
    instrument INTEGER NOT NULL,
    resource   INTEGER NOT NULL,
    attributes TEXT NOT NULL,
    last_seen  INTEGER NOT NULL,
    UNIQUE (instrument, resource, attributes)
) STRICT;

-- The points of a series lie together. value: of a gauge or a sum, else the sum. distribution: see Distribution.cs. Times are Unix nanoseconds.
CREATE TABLE point (
    series       INTEGER NOT NULL,
    time         INTEGER NOT NULL,
    start        INTEGER NOT NULL,
    value        REAL NOT NULL,
    count        INTEGER,
    distribution BLOB,
    PRIMARY KEY (series, time)
) STRICT, WITHOUT ROWID;

CREATE TABLE exemplar (
    series   INTEGER NOT NULL,
    time     INTEGER NOT NULL,
    value    REAL NOT NULL,
    trace_id BLOB NOT NULL,
    span_id  INTEGER NOT NULL,
    PRIMARY KEY (series, time, span_id)
) STRICT, WITHOUT ROWID;
