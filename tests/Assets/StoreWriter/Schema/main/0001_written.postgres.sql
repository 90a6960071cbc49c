CREATE TABLE written (event_id text PRIMARY KEY, writer text NOT NULL, number bigint NOT NULL, UNIQUE (writer, number));
CREATE TABLE counter (name text PRIMARY KEY, value bigint NOT NULL);
