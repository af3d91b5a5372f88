-- Runs that change little should look at little: how many live links a member has, which of its rows were older than known,
-- which writes nobody has answered for.
CREATE INDEX link_live ON link (member) WHERE tomb IS NULL;
CREATE INDEX link_stale ON link (member) WHERE stale_run IS NOT NULL;
CREATE INDEX form_unconfirmed ON form (link) WHERE state = 'unconfirmed';
