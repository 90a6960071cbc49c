-- Days are UTC, like 2026-03-01.
CREATE TABLE daily_count (
    day    TEXT    NOT NULL PRIMARY KEY,
    events INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
