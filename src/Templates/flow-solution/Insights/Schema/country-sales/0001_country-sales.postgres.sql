CREATE TABLE country_sales (
    country text COLLATE "C" PRIMARY KEY,
    orders  bigint NOT NULL,
    pieces  bigint NOT NULL
);
