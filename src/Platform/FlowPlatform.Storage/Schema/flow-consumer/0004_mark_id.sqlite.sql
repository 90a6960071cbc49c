-- Event id at the mark: a sequence that comes again must be the same event. Null where it isn't known.
ALTER TABLE flow_checkpoint ADD COLUMN mark_id TEXT;
