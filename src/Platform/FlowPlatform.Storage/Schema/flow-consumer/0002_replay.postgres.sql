-- Where the log ended when the consumer attached: up to there it replays history. Null for those that attached before this column.
ALTER TABLE flow_checkpoint ADD COLUMN replay_to bigint;
