-- A hash of the request to cancel, as of every other request under an id.
ALTER TABLE orders ADD COLUMN cancel_hash bytea;
