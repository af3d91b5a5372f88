-- How many rows and records live is told by an index alone: nothing of the rows themselves is read.
DROP INDEX IF EXISTS link_record;
CREATE INDEX link_record ON link (record, tomb);
DROP INDEX IF EXISTS link_live;
CREATE INDEX link_live ON link (member, tomb) WHERE tomb IS NULL;
