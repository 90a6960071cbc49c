CREATE TABLE total (account text PRIMARY KEY, amount numeric NOT NULL, events bigint NOT NULL);
CREATE TABLE applied (event_id text PRIMARY KEY);
