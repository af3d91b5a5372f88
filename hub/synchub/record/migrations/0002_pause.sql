-- A system that failed `failures` runs in a row, the last one at `failed_at`. `until`: it is left alone so long, null while it
-- is not.
CREATE TABLE pause (
    system TEXT PRIMARY KEY, failures BIGINT NOT NULL, failed_at BIGINT NOT NULL, until BIGINT, problem TEXT NOT NULL);
