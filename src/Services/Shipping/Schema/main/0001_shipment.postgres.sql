-- One row per order.
CREATE TABLE shipment (
    order_id        text COLLATE "C" PRIMARY KEY,
    status          text    NOT NULL DEFAULT 'Waiting' CHECK (status IN ('Waiting', 'Booking', 'Shipped', 'Cancelled', 'Rejected', 'Declined')),
    country         text,
    amount          numeric NOT NULL DEFAULT 0,
    units           bigint  NOT NULL DEFAULT 0,
    reserved_at     timestamptz,
    charged_at      timestamptz,
    tracking_code   text,
    cancels_refused bigint  NOT NULL DEFAULT 0
);

-- Covers the summary, so that it reads no row.
CREATE INDEX shipment_by_status ON shipment (status, amount, units, cancels_refused);
