-- One row per order.
CREATE TABLE payment (
    order_id     text COLLATE "C" PRIMARY KEY,
    status       text    NOT NULL CHECK (status IN ('Pending', 'Charged', 'Declined', 'GivenUp', 'Skipped', 'Refunding', 'Refunded')),
    amount       numeric NOT NULL,
    charged_at   timestamptz,
    cancelled_at timestamptz,
    open_calls   bigint  NOT NULL DEFAULT 0, -- calls to the gateway that may have taken the money for all we know
    refusals     bigint  NOT NULL DEFAULT 0  -- times that the gateway answered that it can't now
);

-- Covers the ledger, so that it reads no row.
CREATE INDEX payment_by_status ON payment (status, amount);

CREATE TABLE return_refund (
    return_id text COLLATE "C" PRIMARY KEY,
    amount    numeric NOT NULL,
    done      bigint  NOT NULL DEFAULT 0
);

CREATE INDEX return_refund_done ON return_refund (done, amount);

CREATE TABLE ledger_adjustment (
    adjustment_id text COLLATE "C" PRIMARY KEY,
    fingerprint   text        NOT NULL,
    amount        numeric     NOT NULL,
    accepted_at   timestamptz NOT NULL
);
