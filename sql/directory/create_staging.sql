-- The tables that one run fills by COPY before it touches a live table. {schema} is the run's own.
CREATE SCHEMA {schema};
SET search_path = {schema}, directory, public;

-- What upstream says of a group or an agent, in the columns that the live table has for it. P4: of a group whose record
-- does not say its members the stored ones are left as they are.
CREATE UNLOGGED TABLE group_record AS SELECT *, NULL::BOOLEAN AS says_members FROM directory.groups WITH NO DATA;
ALTER TABLE group_record DROP COLUMN inactive, ALTER COLUMN says_members SET NOT NULL;
CREATE UNLOGGED TABLE agent_record AS SELECT NULL::TEXT AS source, a.* FROM directory.agents AS a WITH NO DATA;
CREATE UNLOGGED TABLE group_member (group_id BIGINT, agent_id BIGINT);
CREATE UNLOGGED TABLE finding (
    code TEXT, file TEXT, position BIGINT, group_id BIGINT, agent_id BIGINT, detail TEXT, raw TEXT
);
CREATE UNLOGGED TABLE finding_severity (code TEXT PRIMARY KEY, severity TEXT);

-- A Spark task writes in one transaction that first claims its partition: a task that is tried again, or twice at
-- once, is loaded once.
CREATE UNLOGGED TABLE loaded_partition (
    staging_table TEXT, partition_id BIGINT, PRIMARY KEY (staging_table, partition_id)
);
