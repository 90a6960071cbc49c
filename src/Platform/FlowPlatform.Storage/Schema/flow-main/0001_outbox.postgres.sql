CREATE TABLE flow_meta (
    key   text PRIMARY KEY,
    value text NOT NULL
);

-- The end of each partition's order: sequences are taken here, last in every commit (rule P6); confirmed_id outlives trimming (rule P3).
-- Rows are few and change with every commit: room on their page keeps those changes off the index.
CREATE TABLE flow_outbox_head (
    stream       text    NOT NULL,
    partition    integer NOT NULL,
    assigned     bigint  NOT NULL,
    confirmed    bigint  NOT NULL,
    confirmed_id text,
    PRIMARY KEY (stream, partition)
) WITH (fillfactor = 50);

CREATE TABLE flow_outbox (
    stream         text        NOT NULL,
    partition      integer     NOT NULL,
    sequence       bigint      NOT NULL,
    event_id       text        NOT NULL,
    type           text        NOT NULL,
    key            text        NOT NULL,
    time           timestamptz NOT NULL,
    committed_at   timestamptz NOT NULL,
    content_type   text        NOT NULL,
    correlation_id text,
    causation_id   text,
    traceparent    text,
    tracestate     text,
    data           bytea       NOT NULL,
    PRIMARY KEY (stream, partition, sequence)
);

-- The end of the commands' order, taken after those of the partitions: a relay that has read up to a number has missed none below it.
CREATE TABLE flow_command_head (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    assigned bigint  NOT NULL
) WITH (fillfactor = 50);

INSERT INTO flow_command_head (assigned) VALUES (0);

-- Commands on their way to their queue; a row goes when the queue has confirmed it.
CREATE TABLE flow_command (
    number         bigint      PRIMARY KEY,
    id             text        NOT NULL UNIQUE,
    name           text        NOT NULL,
    body           bytea       NOT NULL,
    time           timestamptz NOT NULL,
    causation_id   text        NOT NULL,
    correlation_id text,
    traceparent    text
);

-- Commands that were handled (rule M1). Rows stay: they outlive the error queue.
CREATE TABLE flow_inbox (
    command_id text        PRIMARY KEY,
    handler    text        NOT NULL,
    handled_at timestamptz NOT NULL
);

-- Which generation of a projection is live: a pointer only, the rest is in the generation (rule G1).
CREATE TABLE flow_generation (
    projection text        NOT NULL,
    generation integer     NOT NULL,
    live       integer     NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (projection, generation)
);
