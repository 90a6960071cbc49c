CREATE TABLE bill (meter text PRIMARY KEY, readings bigint NOT NULL, units bigint NOT NULL);
