-- One row per order that any stream has spoken of. Each nullable column belongs to one stream, so that the streams may come in any order;
-- state and updated_at only grow. A row without placed_at is not listed yet.
CREATE TABLE order_status (
    order_id    TEXT    NOT NULL PRIMARY KEY,
    state       INTEGER NOT NULL,
    updated_at  TEXT    NOT NULL,
    customer_id TEXT,
    country     TEXT,
    amount      INTEGER,
    placed_at   TEXT,
    accepted_ms INTEGER,
    shipped_ms  INTEGER,
    status      TEXT    GENERATED ALWAYS AS (CASE state
        WHEN 0 THEN 'placed' WHEN 1 THEN 'reserved' WHEN 2 THEN 'paid' WHEN 3 THEN 'cancelled' WHEN 4 THEN 'declined' WHEN 5 THEN 'rejected' WHEN 6 THEN 'shipped' END) VIRTUAL,
    latency_ms  INTEGER GENERATED ALWAYS AS (shipped_ms - accepted_ms) VIRTUAL
) STRICT, WITHOUT ROWID;

CREATE INDEX order_status_by_state ON order_status (state, order_id) WHERE placed_at IS NOT NULL;
CREATE INDEX order_status_by_customer ON order_status (customer_id, order_id) WHERE placed_at IS NOT NULL;
CREATE INDEX order_status_by_latency ON order_status (latency_ms) WHERE latency_ms IS NOT NULL;
