-- What was seen of the flow. Times are Unix milliseconds, when the answer was asked for. Ids ascend in order of time: trimming is a range of them.
CREATE TABLE consumer (
    id        INTEGER PRIMARY KEY,
    service   TEXT NOT NULL,
    consumer  TEXT NOT NULL,
    stream    TEXT NOT NULL,
    partition INTEGER NOT NULL,
    UNIQUE (stream, partition, service, consumer)
) STRICT;

CREATE TABLE consumer_sample (
    id        INTEGER PRIMARY KEY,
    time      INTEGER NOT NULL,
    consumer  INTEGER NOT NULL,
    position  INTEGER NOT NULL,
    mark      INTEGER NOT NULL,
    lag       INTEGER,
    delay     REAL NOT NULL,
    parked    INTEGER NOT NULL
) STRICT;

CREATE INDEX consumer_sample_by_time ON consumer_sample (consumer, time);

CREATE TABLE partition (
    id        INTEGER PRIMARY KEY,
    stream    TEXT NOT NULL,
    partition INTEGER NOT NULL,
    UNIQUE (stream, partition)
) STRICT;

CREATE TABLE partition_sample (
    id        INTEGER PRIMARY KEY,
    time      INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    first     INTEGER,
    last      INTEGER
) STRICT;

CREATE INDEX partition_sample_by_time ON partition_sample (partition, time);

CREATE TABLE service (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE service_sample (
    id       INTEGER PRIMARY KEY,
    time     INTEGER NOT NULL,
    service  INTEGER NOT NULL,
    outbox   INTEGER NOT NULL,
    commands INTEGER NOT NULL,
    parked   INTEGER NOT NULL,
    lag      INTEGER NOT NULL
) STRICT;

CREATE INDEX service_sample_by_time ON service_sample (service, time);
