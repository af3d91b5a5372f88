-- Writes that a system could not take for now are set aside too (`kind` write; `remote_id` is the number of the record).
-- `retry_at`: not before then; null: when a person says so.
ALTER TABLE aside ADD COLUMN retry_at BIGINT;
