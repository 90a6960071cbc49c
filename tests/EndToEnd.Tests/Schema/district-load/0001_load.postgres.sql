CREATE TABLE load (district text PRIMARY KEY, watt_hours bigint NOT NULL, readings bigint NOT NULL);
