-- How far consumers have come; commits with the rows it speaks of (rules C1, C2, C3, G1).
CREATE TABLE flow_checkpoint (
    consumer      text        NOT NULL,
    stream        text        NOT NULL,
    partition     integer     NOT NULL,
    partitions    integer     NOT NULL,
    next_offset   bigint      NOT NULL,
    epoch         bigint      NOT NULL,
    producer      text,
    mark          bigint      NOT NULL,
    joined_at     bigint      NOT NULL,
    last_offset   bigint      NOT NULL,
    last_event_id text,
    event_time    timestamptz,
    applied       bigint      NOT NULL,
    PRIMARY KEY (consumer, stream, partition)
) WITH (fillfactor = 50);

-- Records by which the log is recognised: dense for the outbox's retention, sparse before.
CREATE TABLE flow_anchor (
    consumer     text        NOT NULL,
    stream       text        NOT NULL,
    partition    integer     NOT NULL,
    "offset"     bigint      NOT NULL,
    event_id     text        NOT NULL,
    committed_at timestamptz NOT NULL,
    PRIMARY KEY (consumer, stream, partition, "offset")
);

-- Marks of producers' earlier incarnations.
CREATE TABLE flow_retired_mark (
    consumer  text    NOT NULL,
    stream    text    NOT NULL,
    partition integer NOT NULL,
    producer  text    NOT NULL,
    mark      bigint  NOT NULL,
    PRIMARY KEY (consumer, stream, partition, producer)
);

-- What an operator should know about the log.
CREATE TABLE flow_incident (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer   text        NOT NULL,
    stream     text        NOT NULL,
    partition  integer     NOT NULL,
    mark       bigint      NOT NULL,
    kind       text        NOT NULL,
    detail     text        NOT NULL,
    noted_at   timestamptz NOT NULL
);
