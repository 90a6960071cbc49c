-- What the API accepted. A hash of each body tells a repeated request from another one under the same id.
CREATE TABLE orders (
    order_id           TEXT    NOT NULL PRIMARY KEY,
    body_hash          BLOB    NOT NULL,
    customer_id        TEXT,
    country            TEXT    NOT NULL,
    amount             INTEGER NOT NULL,
    placed_at          TEXT    NOT NULL,
    accepted_at        TEXT    NOT NULL,
    cancel_accepted_at TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE returns (
    return_id   TEXT NOT NULL PRIMARY KEY,
    body_hash   BLOB NOT NULL,
    accepted_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
