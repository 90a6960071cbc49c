-- Events that the log has and the store had not when it adopted the log: they are never emitted again (rule P3).
CREATE TABLE flow_adopted (
    event_id   text        PRIMARY KEY,
    stream     text        NOT NULL,
    partition  integer     NOT NULL,
    producer   text        NOT NULL,
    sequence   bigint      NOT NULL,
    adopted_at timestamptz NOT NULL
);
