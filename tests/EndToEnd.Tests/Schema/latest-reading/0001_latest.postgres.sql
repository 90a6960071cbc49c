CREATE TABLE latest (meter text PRIMARY KEY, watt_hours bigint NOT NULL, readings bigint NOT NULL);
