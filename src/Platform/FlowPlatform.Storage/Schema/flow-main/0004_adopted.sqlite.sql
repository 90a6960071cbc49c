-- Events that the log has and the store had not when it adopted the log: they are never emitted again (rule P3).
CREATE TABLE flow_adopted (
    event_id   TEXT    PRIMARY KEY,
    stream     TEXT    NOT NULL,
    partition  INTEGER NOT NULL,
    producer   TEXT    NOT NULL,
    sequence   INTEGER NOT NULL,
    adopted_at TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
