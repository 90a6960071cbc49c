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

-- The spans of a trace lie together. An export that is repeated changes nothing. edge and bucket: what the span counts for in edge_sum, so that it can be taken back when the span goes.
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
    edge           INTEGER,
    bucket         INTEGER,
    PRIMARY KEY (trace, span_id)
) STRICT, WITHOUT ROWID;

-- Servers' and consumers' spans by what they come of: a parent may come in after them.
CREATE INDEX span_reached ON span (trace, parent_id) WHERE kind IN (2, 5) AND parent_id IS NOT NULL;

CREATE TABLE link (
    trace        INTEGER NOT NULL,
    span_id      INTEGER NOT NULL,
    target_trace BLOB NOT NULL,
    target_span  INTEGER NOT NULL,
    edge         INTEGER,
    bucket       INTEGER,
    PRIMARY KEY (trace, span_id, target_trace, target_span)
) STRICT, WITHOUT ROWID;

CREATE INDEX link_by_target ON link (target_trace, target_span);

-- Who talks to whom (kind: see EdgeKind.cs; via is empty where there is none), with the number of spans and links that are kept of it. One without any goes.
CREATE TABLE edge (
    id     INTEGER PRIMARY KEY,
    origin TEXT NOT NULL,
    target TEXT NOT NULL,
    kind   INTEGER NOT NULL,
    via    TEXT NOT NULL,
    replay INTEGER NOT NULL,
    count  INTEGER NOT NULL,
    UNIQUE (origin, target, kind, via, replay)
) STRICT;

CREATE INDEX edge_by_count ON edge (kind, count);

-- What is kept of an edge, added up by minute (step 60) and by hour (3600). time: Unix seconds when the step begins, by the start of the span. durations: see DurationCounts.cs.
CREATE TABLE edge_sum (
    edge      INTEGER NOT NULL,
    step      INTEGER NOT NULL,
    time      INTEGER NOT NULL,
    errors    INTEGER NOT NULL,
    durations BLOB NOT NULL,
    PRIMARY KEY (edge, step, time)
) STRICT, WITHOUT ROWID;
