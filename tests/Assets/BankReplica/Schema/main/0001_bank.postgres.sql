CREATE TABLE thanks (event_id text PRIMARY KEY, number bigint NOT NULL UNIQUE);
CREATE TABLE payer (account text PRIMARY KEY, payments bigint NOT NULL);
