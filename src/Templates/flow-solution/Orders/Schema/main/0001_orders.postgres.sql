-- What was accepted. A hash of each body tells a repeated request from another one under the same id.
CREATE TABLE orders (
    order_id    text COLLATE "C" PRIMARY KEY,
    body_hash   bytea       NOT NULL,
    accepted_at timestamptz NOT NULL
);
