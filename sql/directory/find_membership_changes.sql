-- Where the staged members and the stored ones differ, found once for the statements that follow. CREATE TABLE AS and
-- not INSERT: only that runs in parallel. Stored members of groups that are not staged are among them.
CREATE TEMP TABLE membership_change ON COMMIT DROP AS
SELECT coalesce(s.group_id, t.group_id) AS group_id, coalesce(s.agent_id, t.agent_id) AS agent_id,
       t.group_id IS NOT NULL AS is_stored
FROM group_member AS s
FULL JOIN directory.group_membership AS t ON t.group_id = s.group_id AND t.agent_id = s.agent_id
WHERE s.group_id IS NULL OR t.group_id IS NULL;
