-- Sums per hour of event time (UTC, like 2010-12-01T08) and country; days, countries and totals are sums of these.
CREATE TABLE revenue (
    hour         TEXT    NOT NULL,
    country      TEXT    NOT NULL,
    orders       INTEGER NOT NULL,
    units        INTEGER NOT NULL,
    gross        INTEGER NOT NULL,
    returns      INTEGER NOT NULL CHECK (returns <= 0),
    return_count INTEGER NOT NULL,
    PRIMARY KEY (hour, country)
) STRICT, WITHOUT ROWID;

-- Corrections of the ledger belong to no country: they count in the total only.
CREATE TABLE adjustments (
    hour             TEXT    NOT NULL PRIMARY KEY,
    amount           INTEGER NOT NULL,
    adjustment_count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
