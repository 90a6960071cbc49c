CREATE TABLE ledger (event_id text PRIMARY KEY, account text NOT NULL, amount numeric NOT NULL);
CREATE TABLE greeting (id text PRIMARY KEY, text text NOT NULL);
