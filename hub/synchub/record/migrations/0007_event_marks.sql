-- Events bear the marks of the syncs that are still to look at them, as records do: what was passed on is not looked at again.
ALTER TABLE event ADD COLUMN dirty BIGINT NOT NULL DEFAULT -1;
CREATE INDEX event_dirty ON event (entity) WHERE dirty <> 0;
CREATE INDEX event_waiting ON event (entity, id) WHERE record IS NULL AND ref IS NOT NULL;
CREATE INDEX operation_rejected ON operation (member) WHERE state = 'rejected';
-- Questions about some records are looked for in every run that decides about them.
CREATE INDEX review_record ON review (record);
