-- Ids ascend in order of arrival and are never used again: a live tail goes on after the last one that it has shown. Times are Unix nanoseconds.
CREATE TABLE log (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    received   INTEGER NOT NULL,
    time       INTEGER NOT NULL,
    severity   INTEGER NOT NULL,
    level      TEXT NOT NULL,
    resource   INTEGER NOT NULL,
    scope      INTEGER NOT NULL,
    trace_id   BLOB,
    span_id    INTEGER,
    event      TEXT,
    body       TEXT NOT NULL,
    attributes TEXT NOT NULL,
    not_kept   INTEGER NOT NULL
) STRICT;

CREATE INDEX log_by_time ON log (time, id);

CREATE INDEX log_by_trace ON log (trace_id) WHERE trace_id IS NOT NULL;
