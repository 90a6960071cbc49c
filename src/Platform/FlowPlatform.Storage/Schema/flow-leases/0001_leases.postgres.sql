-- Replicas of the service that are there: each renews its own row, and anybody removes one whose time is over. Ids are never used again. Only stores that replicas share have these tables.
CREATE TABLE flow_member (
    member    text        PRIMARY KEY,
    consumers text[]      NOT NULL,
    leaving   boolean     NOT NULL DEFAULT false,
    ends_at   timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Who has what (rule C4): valid while its owner is a member. Every take raises the epoch. An empty stream and partition -1: the whole consumer, or a relay.
CREATE TABLE flow_lease (
    consumer  text    NOT NULL,
    stream    text    NOT NULL,
    partition integer NOT NULL,
    owner     text,
    epoch     bigint  NOT NULL DEFAULT 0,
    fault     text,
    PRIMARY KEY (consumer, stream, partition)
) WITH (fillfactor = 50);
