-- Where the staged members and the stored ones differ, found once for the statements that follow. CREATE TABLE AS and
-- not INSERT: only that runs in parallel. Stored members of groups whose members no record says today are none of them.
-- Where the sets are known to be equal nothing is joined.
CREATE TEMP TABLE membership_change ON COMMIT DROP AS
SELECT c.group_id, c.agent_id, c.is_stored, a.agent_id IS NOT NULL AS is_known
FROM (
    SELECT coalesce(s.group_id, t.group_id) AS group_id, coalesce(s.agent_id, t.agent_id) AS agent_id,
           t.group_id IS NOT NULL AS is_stored
    FROM group_member AS s
    FULL JOIN group_membership AS t ON t.group_id = s.group_id AND t.agent_id = s.agent_id
    WHERE (s.group_id IS NULL OR t.group_id IS NULL) AND NOT {is_equal}
) AS c
LEFT JOIN agents AS a ON a.agent_id = c.agent_id
LEFT JOIN group_record AS g ON g.group_id = c.group_id AND g.says_members
WHERE NOT c.is_stored OR g.group_id IS NOT NULL;
ANALYZE membership_change;
