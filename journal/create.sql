-- The tables of format 1.0.  No defaults, no checks: whatever could run code is absent, so that its presence is
-- a finding.  The schema itself is made before this, or was made by an administrator.
REVOKE ALL ON SCHEMA @journal@ FROM PUBLIC;

CREATE TABLE @journal@.history (
    seq         pg_catalog.int8        NOT NULL PRIMARY KEY,
    prev        pg_catalog.bytea       NOT NULL,
    hash        pg_catalog.bytea       NOT NULL,
    event       pg_catalog.text        NOT NULL,
    id          pg_catalog.text,
    version     pg_catalog.text,
    phase       pg_catalog.text,
    directives  pg_catalog.text,
    up          pg_catalog.bytea,
    down        pg_catalog.bytea,
    before_up   pg_catalog.bytea,
    before_down pg_catalog.bytea,
    state       pg_catalog.bytea       NOT NULL,
    run         pg_catalog.text        NOT NULL,
    who         pg_catalog.text        NOT NULL,
    engine      pg_catalog.text        NOT NULL,
    because     pg_catalog.text,
    at          pg_catalog.timestamptz NOT NULL
);

CREATE TABLE @journal@.scripts (
    digest pg_catalog.bytea NOT NULL PRIMARY KEY,
    text   pg_catalog.text  NOT NULL
);

CREATE TABLE @journal@.journal (
    id          pg_catalog.text        NOT NULL PRIMARY KEY,
    version     pg_catalog.text        NOT NULL,
    timestamp   pg_catalog.text        NOT NULL,
    slug        pg_catalog.text        NOT NULL,
    phase       pg_catalog.text        NOT NULL,
    directives  pg_catalog.text        NOT NULL,
    up          pg_catalog.bytea       NOT NULL REFERENCES @journal@.scripts,
    down        pg_catalog.bytea       REFERENCES @journal@.scripts,
    before_up   pg_catalog.bytea       REFERENCES @journal@.scripts,
    before_down pg_catalog.bytea       REFERENCES @journal@.scripts,
    seq         pg_catalog.int8        NOT NULL UNIQUE REFERENCES @journal@.history,
    applied_at  pg_catalog.timestamptz NOT NULL,
    duration    pg_catalog.interval    NOT NULL,
    run         pg_catalog.text        NOT NULL
);

CREATE TABLE @journal@.unfinished (
    id         pg_catalog.text        NOT NULL PRIMARY KEY,
    direction  pg_catalog.text        NOT NULL,
    run        pg_catalog.text        NOT NULL,
    who        pg_catalog.text        NOT NULL,
    part       pg_catalog.text        NOT NULL,
    digest     pg_catalog.bytea       NOT NULL,
    statement  pg_catalog.int8        NOT NULL,
    progress   pg_catalog.text        NOT NULL,
    cursor     pg_catalog.text,
    indexes    pg_catalog.text        NOT NULL,
    started_at pg_catalog.timestamptz NOT NULL,
    updated_at pg_catalog.timestamptz NOT NULL
);

CREATE TABLE @journal@.attempts (
    n         pg_catalog.int8        NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        pg_catalog.timestamptz NOT NULL,
    run       pg_catalog.text        NOT NULL,
    who       pg_catalog.text        NOT NULL,
    id        pg_catalog.text,
    direction pg_catalog.text        NOT NULL,
    code      pg_catalog.text        NOT NULL,
    sqlstate  pg_catalog.text        NOT NULL,
    message   pg_catalog.text        NOT NULL,
    detail    pg_catalog.text        NOT NULL,
    place     pg_catalog.text        NOT NULL
);

REVOKE ALL ON @journal@.history, @journal@.scripts, @journal@.journal, @journal@.unfinished,
    @journal@.attempts FROM PUBLIC;
