-- What the API accepted. A hash of each body tells a repeated request from another one under the same id.
CREATE TABLE orders (
    order_id           text COLLATE "C" PRIMARY KEY,
    body_hash          bytea       NOT NULL,
    customer_id        text,
    country            text        NOT NULL,
    amount             numeric     NOT NULL,
    placed_at          timestamptz NOT NULL,
    accepted_at        timestamptz NOT NULL,
    cancel_accepted_at timestamptz
);

CREATE TABLE returns (
    return_id   text COLLATE "C" PRIMARY KEY,
    body_hash   bytea       NOT NULL,
    accepted_at timestamptz NOT NULL
);
