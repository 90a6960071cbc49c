-- Days are UTC, like 2026-03-01.
CREATE TABLE daily_count (
    day    text COLLATE "C" PRIMARY KEY,
    events bigint NOT NULL
);
