CREATE TABLE sales (product text PRIMARY KEY, quantity bigint NOT NULL, amount numeric NOT NULL);
