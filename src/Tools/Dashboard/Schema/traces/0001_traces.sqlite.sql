-- Ids ascend in order of arrival, so that the oldest go as one range, here and in the tables below. Times are Unix nanoseconds.
CREATE TABLE trace (
    id       INTEGER PRIMARY KEY,
    trace_id BLOB NOT NULL UNIQUE,
    received INTEGER NOT NULL,
    start    INTEGER NOT NULL,
    finish   INTEGER NOT NULL,
    name     TEXT NOT NULL,
    resource INTEGER NOT NULL,
    has_root INTEGER NOT NULL,
    spans    INTEGER NOT NULL,
    errors   INTEGER NOT NULL,
    replay   INTEGER NOT NULL
) STRICT;

CREATE INDEX trace_by_start ON trace (start, id);

CREATE TABLE trace_service (
    trace   INTEGER NOT NULL,
    service TEXT NOT NULL,
    spans   INTEGER NOT NULL,
    errors  INTEGER NOT NULL,
    PRIMARY KEY (trace, service)
) STRICT, WITHOUT ROWID;

-- The spans of a trace lie together. An export that is repeated changes nothing.
CREATE TABLE span (
    trace          INTEGER NOT NULL,
    span_id        INTEGER NOT NULL,
    parent_id      INTEGER,
    name           TEXT NOT NULL,
    kind           INTEGER NOT NULL,
    start          INTEGER NOT NULL,
    duration       INTEGER NOT NULL,
    status         INTEGER NOT NULL,
    status_message TEXT,
    replay         INTEGER NOT NULL,
    resource       INTEGER NOT NULL,
    scope          INTEGER NOT NULL,
    peer           TEXT,
    destination    TEXT,
    attributes     TEXT NOT NULL,
    events         TEXT,
    links          TEXT,
    not_kept       INTEGER NOT NULL,
    PRIMARY KEY (trace, span_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE link (
    trace        INTEGER NOT NULL,
    span_id      INTEGER NOT NULL,
    target_trace BLOB NOT NULL,
    target_span  INTEGER NOT NULL,
    PRIMARY KEY (trace, span_id, target_trace, target_span)
) STRICT, WITHOUT ROWID;

CREATE INDEX link_by_target ON link (target_trace);
