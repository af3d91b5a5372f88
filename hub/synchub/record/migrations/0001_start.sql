-- Types are those that SQLite and PostgreSQL share. Times are microseconds since 1970 in UTC; flags are 0 or 1.
-- Ids are handed out by the table `counter`, so that whole frames can be inserted at once.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE counter (name TEXT PRIMARY KEY, next BIGINT NOT NULL);
-- A member's stream: what was read of it, and up to where. `fill_only` and `claims`: what its word counts for, as last
-- known; it goes on counting so when its system is down or the member was removed.
CREATE TABLE member (
    id BIGINT PRIMARY KEY, entity TEXT NOT NULL, system TEXT NOT NULL, stream TEXT NOT NULL,
    cursor TEXT, read_at BIGINT, mapping TEXT, sources TEXT, fields TEXT NOT NULL, accepted INTEGER NOT NULL,
    fill_only INTEGER NOT NULL, claims INTEGER NOT NULL, scope TEXT, failed TEXT, UNIQUE (entity, system, stream));
CREATE TABLE system_state (system TEXT PRIMARY KEY, value TEXT NOT NULL);
-- One contact (or whatever the entity is) as the hub knows it. `dirty`: a bit for each sync that is to look at it again.
CREATE TABLE record (
    id BIGINT PRIMARY KEY, entity TEXT NOT NULL, golden TEXT NOT NULL, dirty BIGINT NOT NULL,
    deleted_run BIGINT, void_before BIGINT NOT NULL, joined_into BIGINT, made_run BIGINT NOT NULL);
CREATE INDEX record_dirty ON record (entity) WHERE dirty <> 0;
-- A member's record and the hub's record it belongs to. `said` is what it claimed at first contact, `held` what it is
-- known to hold now (null: just that). `made`: the hub created it. `seen_at`: the last read or confirmed write.
CREATE TABLE link (
    id BIGINT PRIMARY KEY, record BIGINT NOT NULL, member BIGINT NOT NULL, remote_id TEXT NOT NULL,
    tomb BIGINT, made INTEGER NOT NULL, raw_hash BIGINT, updated_at BIGINT, version TEXT, seen_at BIGINT,
    first_at BIGINT, first_run BIGINT NOT NULL, first_seq BIGINT NOT NULL, said TEXT, held TEXT, stale_run BIGINT,
    UNIQUE (member, remote_id));
CREATE INDEX link_record ON link (record);
-- Claims made after first contact, and people's decisions (link null). `kind`: claim, weak, hub, open.
CREATE TABLE claim (
    seq BIGINT PRIMARY KEY, link BIGINT, record BIGINT, field TEXT NOT NULL, value TEXT NOT NULL, native TEXT,
    base TEXT, at BIGINT, run BIGINT NOT NULL, kind TEXT NOT NULL, author TEXT, reason TEXT);
CREATE INDEX claim_link ON claim (link);
CREATE INDEX claim_record ON claim (record) WHERE link IS NULL;
-- Values that were seen in a system and are neither claims nor held any more.
CREATE TABLE history (
    id BIGINT PRIMARY KEY, link BIGINT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, run BIGINT NOT NULL,
    reason TEXT NOT NULL);
CREATE INDEX history_link ON history (link);
-- How a link's system treats what it is sent. `state`: own (stored otherwise than sent), unconfirmed, alternating.
CREATE TABLE form (
    link BIGINT NOT NULL, field TEXT NOT NULL, state TEXT NOT NULL, golden TEXT, native TEXT, count INTEGER NOT NULL,
    run BIGINT NOT NULL, PRIMARY KEY (link, field, state));
-- Where to look for a record by a key: candidates, always verified against what its links hold.
CREATE TABLE ident (hash BIGINT NOT NULL, record BIGINT NOT NULL, PRIMARY KEY (hash, record));
-- Rows set aside: `kind` quarantine (could not be understood) or review (could not be told who it is).
CREATE TABLE aside (
    id BIGINT PRIMARY KEY, member BIGINT NOT NULL, remote_id TEXT NOT NULL, kind TEXT NOT NULL, field TEXT,
    value TEXT, reason TEXT NOT NULL, cause TEXT NOT NULL, raw TEXT NOT NULL, idents TEXT NOT NULL,
    run BIGINT NOT NULL, state TEXT NOT NULL, tries INTEGER NOT NULL, UNIQUE (member, remote_id, kind));
-- Questions for a person. `subject` names what is asked, so that the same thing is asked once.
CREATE TABLE review (
    id BIGINT PRIMARY KEY, entity TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, record BIGINT,
    run BIGINT NOT NULL, details TEXT NOT NULL, state TEXT NOT NULL, answer TEXT, UNIQUE (entity, kind, subject));
-- Pairs that a person said are not the same: records as r:ID, rows as l:MEMBER:REMOTE_ID.
CREATE TABLE apart (one TEXT NOT NULL, other TEXT NOT NULL, run BIGINT NOT NULL, PRIMARY KEY (one, other));
CREATE TABLE run (
    id BIGINT PRIMARY KEY, sync TEXT NOT NULL, entity TEXT NOT NULL, kind TEXT NOT NULL, started BIGINT NOT NULL,
    clock BIGINT NOT NULL, ended BIGINT, state TEXT NOT NULL, holder TEXT NOT NULL, summary TEXT NOT NULL);
CREATE INDEX run_sync ON run (sync, id);
-- The journal. `state`: open (sent or about to be), done, failed, rejected, dropped.
CREATE TABLE operation (
    id BIGINT PRIMARY KEY, run BIGINT NOT NULL, member BIGINT NOT NULL, record BIGINT NOT NULL, link BIGINT,
    remote_id TEXT, kind TEXT NOT NULL, change TEXT NOT NULL, version TEXT, state TEXT NOT NULL, reason TEXT,
    at BIGINT NOT NULL);
CREATE INDEX operation_run ON operation (run);
CREATE INDEX operation_open ON operation (member) WHERE state = 'open';
CREATE INDEX operation_link ON operation (link);
CREATE TABLE saved_plan (id BIGINT PRIMARY KEY, sync TEXT NOT NULL, made BIGINT NOT NULL, body TEXT NOT NULL);
-- Things that happened. `ref` is the reference to a contact as read, `ref_field` what it names it by; `record` the contact
-- it belongs to, null while unknown. What was passed on has a link, whose record is the event's id.
CREATE TABLE event (
    id BIGINT PRIMARY KEY, entity TEXT NOT NULL, hash BIGINT NOT NULL, member BIGINT NOT NULL, remote_id TEXT NOT NULL,
    ref_field TEXT, ref TEXT, ref_hash BIGINT, record BIGINT, occurred_at BIGINT, body TEXT NOT NULL, run BIGINT NOT NULL);
CREATE UNIQUE INDEX event_hash ON event (entity, hash);
CREATE INDEX event_record ON event (record);
CREATE INDEX event_ref ON event (ref_hash);
-- Exchange rates once used are used for ever.
CREATE TABLE rate (day TEXT NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (day, source, target));
-- Which rule a field had from which claim on. One row a change.
CREATE TABLE rule_epoch (
    entity TEXT NOT NULL, field TEXT NOT NULL, since BIGINT NOT NULL, rule TEXT NOT NULL,
    PRIMARY KEY (entity, field, since));
