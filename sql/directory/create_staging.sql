-- The tables that one run fills by COPY before it writes to a live table. {schema} belongs to the run.
CREATE SCHEMA {schema};
SET search_path = {schema}, {tables}, public;

-- The records of groups and agents, with the columns of the live tables. P4: of a group whose record does not say its
-- members the stored ones stay.
CREATE UNLOGGED TABLE group_record AS SELECT *, NULL::BOOLEAN AS says_members FROM {tables}.groups WITH NO DATA;
ALTER TABLE group_record DROP COLUMN inactive, ALTER COLUMN says_members SET NOT NULL;
CREATE UNLOGGED TABLE agent_record AS SELECT NULL::TEXT AS source, a.* FROM {tables}.agents AS a WITH NO DATA;
CREATE UNLOGGED TABLE group_member (group_id BIGINT, agent_id BIGINT);
CREATE UNLOGGED TABLE finding (
    code TEXT, file TEXT, position BIGINT, group_id BIGINT, agent_id BIGINT, detail TEXT, raw TEXT
);
CREATE UNLOGGED TABLE finding_severity (code TEXT PRIMARY KEY, severity TEXT);

-- A Spark task writes in one transaction, which first claims its partition: a task that is retried, or runs twice at
-- the same time, is loaded once.
CREATE UNLOGGED TABLE loaded_partition (
    staging_table TEXT, partition_id BIGINT, PRIMARY KEY (staging_table, partition_id)
);
