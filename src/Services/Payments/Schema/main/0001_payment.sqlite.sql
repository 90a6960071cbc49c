-- One row per order. Amounts are ten-thousandths.
CREATE TABLE payment (
    order_id     TEXT PRIMARY KEY,
    status       TEXT NOT NULL CHECK (status IN ('Pending', 'Charged', 'Declined', 'GivenUp', 'Skipped', 'Refunding', 'Refunded')),
    amount       INTEGER NOT NULL,
    charged_at   TEXT,
    cancelled_at TEXT,
    open_calls   INTEGER NOT NULL DEFAULT 0, -- calls to the gateway that may have taken the money for all we know
    refusals     INTEGER NOT NULL DEFAULT 0  -- times that the gateway answered that it can't now
) STRICT;

-- Covers the ledger, so that it reads no row.
CREATE INDEX payment_by_status ON payment (status, amount);

CREATE TABLE return_refund (
    return_id TEXT PRIMARY KEY,
    amount    INTEGER NOT NULL,
    done      INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX return_refund_done ON return_refund (done, amount);

CREATE TABLE ledger_adjustment (
    adjustment_id TEXT PRIMARY KEY,
    fingerprint   TEXT NOT NULL,
    amount        INTEGER NOT NULL,
    accepted_at   TEXT NOT NULL
) STRICT;
