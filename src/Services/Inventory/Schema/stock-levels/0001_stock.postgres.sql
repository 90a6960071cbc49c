-- A few thousand rows that change all the time: room on their page keeps those changes off the index.
CREATE TABLE stock (
    code     text COLLATE "C" PRIMARY KEY,
    on_hand  bigint NOT NULL,
    reserved bigint NOT NULL
) WITH (fillfactor = 50);
