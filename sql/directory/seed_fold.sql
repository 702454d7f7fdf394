-- The tables as they were before the day {from_day}, from the histories, for a fold that begins with that day.
CREATE TEMP TABLE seed_day AS
SELECT sync_day
FROM directory.sync_days
WHERE (sort_key, sync_day) < ({sort_key} COLLATE "C", {from_day});
CREATE TEMP TABLE seed_row AS  -- the rows of groups and agents that changed since, as they were
SELECT DISTINCT ON (b.kind, b.id) b.kind, b.id, b.before
FROM directory.rows_before AS b
JOIN directory.sync_days AS d ON d.sync_day = b.sync_day
WHERE NOT EXISTS (SELECT FROM seed_day AS s WHERE s.sync_day = b.sync_day)
ORDER BY b.kind, b.id, d.sort_key, d.sync_day;
CREATE UNIQUE INDEX ON seed_row (kind, id);
ANALYZE seed_day, seed_row;

INSERT INTO {fold}.sync_days SELECT d.* FROM directory.sync_days AS d JOIN seed_day AS s ON s.sync_day = d.sync_day;
INSERT INTO {fold}.rows_before SELECT b.* FROM directory.rows_before AS b JOIN seed_day AS s ON s.sync_day = b.sync_day;
INSERT INTO {fold}.group_history (group_id, from_day, to_day, name, parent_group_id, inactive)
SELECT h.group_id, h.from_day, until.sync_day, h.name, h.parent_group_id, h.inactive
FROM directory.group_history AS h
JOIN seed_day AS s ON s.sync_day = h.from_day
LEFT JOIN seed_day AS until ON until.sync_day = h.to_day;
INSERT INTO {fold}.agent_history (agent_id, from_day, to_day, active, name, email)
SELECT h.agent_id, h.from_day, until.sync_day, h.active, h.name, h.email
FROM directory.agent_history AS h
JOIN seed_day AS s ON s.sync_day = h.from_day
LEFT JOIN seed_day AS until ON until.sync_day = h.to_day;
INSERT INTO {fold}.membership_history (group_id, agent_id, from_day, to_day)
SELECT h.group_id, h.agent_id, h.from_day, until.sync_day
FROM directory.membership_history AS h
JOIN seed_day AS s ON s.sync_day = h.from_day
LEFT JOIN seed_day AS until ON until.sync_day = h.to_day;
INSERT INTO {fold}.pending_history (group_id, agent_id, from_day, to_day)
SELECT h.group_id, h.agent_id, h.from_day, until.sync_day
FROM directory.pending_history AS h
JOIN seed_day AS s ON s.sync_day = h.from_day
LEFT JOIN seed_day AS until ON until.sync_day = h.to_day;
INSERT INTO {fold}.missing_groups (group_id, since_day, ended_day, to_day)
SELECT m.group_id, m.since_day, ended.sync_day, until.sync_day
FROM directory.missing_groups AS m
JOIN seed_day AS s ON s.sync_day = m.since_day
LEFT JOIN seed_day AS ended ON ended.sync_day = m.ended_day
LEFT JOIN seed_day AS until ON until.sync_day = m.to_day;

INSERT INTO {fold}.groups (group_id, {groups}, inactive)
SELECT t.group_id, {t.groups}, h.inactive
FROM {fold}.group_history AS h
JOIN directory.groups AS live ON live.group_id = h.group_id
LEFT JOIN seed_row AS b ON b.kind = 'group' AND b.id = h.group_id
CROSS JOIN LATERAL (SELECT (jsonb_populate_record(live, coalesce(b.before, '{{}}'))).*) AS t
WHERE h.to_day IS NULL;
INSERT INTO {fold}.agents (agent_id, active, {agents})
SELECT t.agent_id, h.active, {t.agents}
FROM {fold}.agent_history AS h
JOIN directory.agents AS live ON live.agent_id = h.agent_id
LEFT JOIN seed_row AS b ON b.kind = 'agent' AND b.id = h.agent_id
CROSS JOIN LATERAL (SELECT (jsonb_populate_record(live, coalesce(b.before, '{{}}'))).*) AS t
WHERE h.to_day IS NULL;
INSERT INTO {fold}.group_membership (group_id, agent_id)
SELECT group_id, agent_id FROM {fold}.membership_history WHERE to_day IS NULL;
INSERT INTO {fold}.pending_membership (group_id, agent_id)
SELECT group_id, agent_id FROM {fold}.pending_history WHERE to_day IS NULL;
DROP TABLE seed_day, seed_row;
ANALYZE {fold}.agents, {fold}.groups, {fold}.group_membership, {fold}.pending_membership, {fold}.missing_groups,
        {fold}.group_history, {fold}.agent_history, {fold}.membership_history, {fold}.pending_history;
