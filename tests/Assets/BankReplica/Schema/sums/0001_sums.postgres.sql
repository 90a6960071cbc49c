CREATE TABLE applied (event_id text PRIMARY KEY);
CREATE TABLE sum (account text PRIMARY KEY, amount bigint NOT NULL, events bigint NOT NULL);
