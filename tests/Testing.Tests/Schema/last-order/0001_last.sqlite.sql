CREATE TABLE last_order (customer_id TEXT PRIMARY KEY, order_id TEXT NOT NULL) STRICT;
