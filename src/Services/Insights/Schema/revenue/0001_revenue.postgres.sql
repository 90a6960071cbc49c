-- Sums per hour of event time (UTC, like 2010-12-01T08) and country; days, countries and totals are sums of these.
-- Rows of the present hour change with every batch: room on their page keeps those changes off the index.
CREATE TABLE revenue (
    hour         text COLLATE "C" NOT NULL,
    country      text COLLATE "C" NOT NULL,
    orders       bigint  NOT NULL,
    units        bigint  NOT NULL,
    gross        numeric NOT NULL,
    returns      numeric NOT NULL CHECK (returns <= 0),
    return_count bigint  NOT NULL,
    PRIMARY KEY (hour, country)
) WITH (fillfactor = 70);

-- Corrections of the ledger belong to no country: they count in the total only.
CREATE TABLE adjustments (
    hour             text COLLATE "C" PRIMARY KEY,
    amount           numeric NOT NULL,
    adjustment_count bigint  NOT NULL
);
