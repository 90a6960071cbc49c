-- One row per order that any stream has spoken of. Each nullable column belongs to one stream, so that the streams may come in any order;
-- state and updated_at only grow. A row without placed_at is not listed yet.
CREATE TABLE order_status (
    order_id    text COLLATE "C" PRIMARY KEY,
    state       bigint      NOT NULL,
    updated_at  timestamptz NOT NULL,
    customer_id text COLLATE "C",
    country     text,
    amount      numeric,
    placed_at   timestamptz,
    accepted_ms bigint,
    shipped_ms  bigint,
    status      text   GENERATED ALWAYS AS (CASE state
        WHEN 0 THEN 'placed' WHEN 1 THEN 'reserved' WHEN 2 THEN 'paid' WHEN 3 THEN 'cancelled' WHEN 4 THEN 'declined' WHEN 5 THEN 'rejected' WHEN 6 THEN 'shipped' END) STORED,
    latency_ms  bigint GENERATED ALWAYS AS (shipped_ms - accepted_ms) STORED
);

CREATE INDEX order_status_by_state ON order_status (state, order_id) WHERE placed_at IS NOT NULL;
CREATE INDEX order_status_by_customer ON order_status (customer_id, order_id) WHERE placed_at IS NOT NULL;
CREATE INDEX order_status_by_latency ON order_status (latency_ms) WHERE latency_ms IS NOT NULL;
