-- Keys whose events a consumer can't apply for the time being, and what the partition's owner is asked to do about them (rule C7).
CREATE TABLE flow_parked_key (
    consumer       text        NOT NULL,
    stream         text        NOT NULL,
    partition      integer     NOT NULL,
    key            text        NOT NULL,
    events         bigint      NOT NULL,
    appended       bigint      NOT NULL,
    since          timestamptz NOT NULL,
    exception      text        NOT NULL,
    message        text        NOT NULL,
    stack          text,
    failures       integer     NOT NULL,
    request        text,
    request_id     text,
    request_actor  text,
    request_reason text,
    request_at     timestamptz,
    request_event  text,
    request_up_to  bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (consumer, stream, partition, key)
);

-- Events behind a parked key, in order: the one that failed, and those that came after it.
CREATE TABLE flow_parked (
    consumer       text        NOT NULL,
    stream         text        NOT NULL,
    partition      integer     NOT NULL,
    key            text        NOT NULL,
    number         bigint      NOT NULL,
    parked_at      timestamptz NOT NULL,
    "offset"       bigint      NOT NULL,
    logged_at      timestamptz NOT NULL,
    event_id       text        NOT NULL,
    type           text        NOT NULL,
    source         text        NOT NULL,
    time           timestamptz NOT NULL,
    committed_at   timestamptz NOT NULL,
    content_type   text        NOT NULL,
    traceparent    text,
    tracestate     text,
    correlation_id text,
    causation_id   text,
    producer       text,
    sequence       bigint      NOT NULL,
    data           bytea       NOT NULL,
    PRIMARY KEY (consumer, stream, partition, key, number)
);

-- Events that were given up: skipped when they come again. The main store has them first, and why.
CREATE TABLE flow_discarded (
    consumer text NOT NULL,
    event_id text NOT NULL,
    PRIMARY KEY (consumer, event_id)
);
