-- What the files of all signals have. Telemetry comes from resources (processes) and scopes (libraries); each combination stands once.
CREATE TABLE resource (
    id         INTEGER PRIMARY KEY,
    service    TEXT NOT NULL,
    instance   TEXT NOT NULL,
    attributes TEXT NOT NULL,
    last_seen  INTEGER NOT NULL,
    UNIQUE (service, instance, attributes)
) STRICT;

CREATE TABLE scope (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL,
    version TEXT NOT NULL,
    UNIQUE (name, version)
) STRICT;

-- What became of what came in, since the run began.
CREATE TABLE intake (
    outcome  TEXT PRIMARY KEY,
    items    INTEGER NOT NULL,
    requests INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
