-- What was accepted. A hash of each body tells a repeated request from another one under the same id.
CREATE TABLE orders (
    order_id    TEXT NOT NULL PRIMARY KEY,
    body_hash   BLOB NOT NULL,
    accepted_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
