-- One row per order. Amounts are ten-thousandths.
CREATE TABLE shipment (
    order_id        TEXT PRIMARY KEY,
    status          TEXT NOT NULL DEFAULT 'Waiting' CHECK (status IN ('Waiting', 'Booking', 'Shipped', 'Cancelled', 'Rejected', 'Declined')),
    country         TEXT,
    amount          INTEGER NOT NULL DEFAULT 0,
    units           INTEGER NOT NULL DEFAULT 0,
    reserved_at     TEXT,
    charged_at      TEXT,
    tracking_code   TEXT,
    cancels_refused INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Covers the summary, so that it reads no row.
CREATE INDEX shipment_by_status ON shipment (status, amount, units, cancels_refused);
