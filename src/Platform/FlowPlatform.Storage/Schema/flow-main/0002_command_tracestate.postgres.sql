ALTER TABLE flow_command ADD COLUMN tracestate text;
