-- The authoritative stock. on_hand counts what is in the house, what is set aside for orders included; it may be negative.
-- A few thousand rows that change all the time: room on their page keeps those changes off the index.
CREATE TABLE stock (
    code     text COLLATE "C" PRIMARY KEY,
    on_hand  bigint NOT NULL,
    reserved bigint NOT NULL
) WITH (fillfactor = 50);

-- One row per order. Awaited: something came before the order itself, and ending says what.
CREATE TABLE reservation (
    order_id    text COLLATE "C" PRIMARY KEY,
    status      text   NOT NULL CHECK (status IN ('Awaited', 'Reserved', 'Rejected', 'Cancelled', 'Released', 'Dispatched')),
    units       bigint NOT NULL DEFAULT 0,
    ending      text,
    ending_at   timestamptz,
    reserved_at timestamptz,
    stock       text -- JSON, kept while it is set aside
);

-- Covers the summary, so that it reads no row.
CREATE INDEX reservation_by_status ON reservation (status, units);

CREATE TABLE restock (
    return_id text COLLATE "C" PRIMARY KEY,
    units     bigint NOT NULL
);

CREATE TABLE adjustment (
    adjustment_id text COLLATE "C" PRIMARY KEY,
    fingerprint   text        NOT NULL,
    lines         bigint      NOT NULL,
    accepted_at   timestamptz NOT NULL
);
