-- For SQLite alone. Only INTEGER PRIMARY KEY is the number that it keeps a row by anyway; BIGINT PRIMARY KEY is an index
-- beside it, to be written with each row and to be asked for each row that is looked up.
CREATE TABLE new_record (
    id INTEGER PRIMARY KEY, entity TEXT NOT NULL, golden TEXT NOT NULL, dirty BIGINT NOT NULL,
    deleted_run BIGINT, void_before BIGINT NOT NULL, joined_into BIGINT, made_run BIGINT NOT NULL);
INSERT INTO new_record SELECT * FROM record ORDER BY id;
DROP TABLE record;
ALTER TABLE new_record RENAME TO record;
CREATE INDEX record_dirty ON record (entity) WHERE dirty <> 0;
CREATE TABLE new_link (
    id INTEGER PRIMARY KEY, record BIGINT NOT NULL, member BIGINT NOT NULL, remote_id TEXT NOT NULL,
    tomb BIGINT, made INTEGER NOT NULL, raw_hash BIGINT, updated_at BIGINT, version TEXT, seen_at BIGINT,
    first_at BIGINT, first_run BIGINT NOT NULL, first_seq BIGINT NOT NULL, said TEXT, held TEXT, stale_run BIGINT,
    UNIQUE (member, remote_id));
INSERT INTO new_link SELECT * FROM link ORDER BY id;
DROP TABLE link;
ALTER TABLE new_link RENAME TO link;
CREATE INDEX link_record ON link (record);
CREATE INDEX link_live ON link (member) WHERE tomb IS NULL;
CREATE INDEX link_stale ON link (member) WHERE stale_run IS NOT NULL;
CREATE TABLE new_claim (
    seq INTEGER PRIMARY KEY, link BIGINT, record BIGINT, field TEXT NOT NULL, value TEXT NOT NULL, native TEXT,
    base TEXT, at BIGINT, run BIGINT NOT NULL, kind TEXT NOT NULL, author TEXT, reason TEXT);
INSERT INTO new_claim SELECT * FROM claim ORDER BY seq;
DROP TABLE claim;
ALTER TABLE new_claim RENAME TO claim;
CREATE INDEX claim_link ON claim (link);
CREATE INDEX claim_record ON claim (record) WHERE link IS NULL;
CREATE TABLE new_ident (hash BIGINT NOT NULL, record BIGINT NOT NULL, PRIMARY KEY (hash, record)) WITHOUT ROWID;
INSERT INTO new_ident SELECT * FROM ident ORDER BY hash, record;
DROP TABLE ident;
ALTER TABLE new_ident RENAME TO ident;
CREATE TABLE new_operation (
    id INTEGER PRIMARY KEY, run BIGINT NOT NULL, member BIGINT NOT NULL, record BIGINT NOT NULL, link BIGINT,
    remote_id TEXT, kind TEXT NOT NULL, change TEXT NOT NULL, version TEXT, state TEXT NOT NULL, reason TEXT,
    at BIGINT NOT NULL);
INSERT INTO new_operation SELECT * FROM operation ORDER BY id;
DROP TABLE operation;
ALTER TABLE new_operation RENAME TO operation;
CREATE INDEX operation_run ON operation (run);
CREATE INDEX operation_open ON operation (member) WHERE state = 'open';
CREATE INDEX operation_link ON operation (link);
CREATE TABLE new_event (
    id INTEGER PRIMARY KEY, entity TEXT NOT NULL, hash BIGINT NOT NULL, member BIGINT NOT NULL, remote_id TEXT NOT NULL,
    ref_field TEXT, ref TEXT, ref_hash BIGINT, record BIGINT, occurred_at BIGINT, body TEXT NOT NULL, run BIGINT NOT NULL);
INSERT INTO new_event SELECT * FROM event ORDER BY id;
DROP TABLE event;
ALTER TABLE new_event RENAME TO event;
CREATE UNIQUE INDEX event_hash ON event (entity, hash);
CREATE INDEX event_record ON event (record);
CREATE INDEX event_ref ON event (ref_hash);
