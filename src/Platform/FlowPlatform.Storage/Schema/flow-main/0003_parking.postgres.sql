-- Events that operators gave up, for a consumer: every later fold skips them (rule C7).
CREATE TABLE flow_discard (
    consumer     text        NOT NULL,
    event_id     text        NOT NULL,
    stream       text        NOT NULL,
    partition    integer     NOT NULL,
    key          text        NOT NULL,
    request_id   text        NOT NULL,
    actor        text        NOT NULL,
    reason       text,
    discarded_at timestamptz NOT NULL,
    PRIMARY KEY (consumer, event_id)
);

-- What operators did: who, when, why, what.
CREATE TABLE flow_audit (
    number    bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id        text        NOT NULL UNIQUE,
    noted_at  timestamptz NOT NULL,
    actor     text        NOT NULL,
    action    text        NOT NULL,
    reason    text,
    consumer  text,
    stream    text,
    partition integer,
    key       text,
    detail    text
);
