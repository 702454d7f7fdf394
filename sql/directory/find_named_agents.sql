-- The agents that a text names, at most %(limit)s: the one with this id, or else those with this name or address.
WITH named AS (
    SELECT agent_id, name, email, coalesce(agent_id = %(id)s::BIGINT, FALSE) AS is_id
    FROM directory.agents
    WHERE agent_id = %(id)s::BIGINT
       OR lower(btrim(name, E' \t\r\n')) = lower(%(text)s)
       OR lower(btrim(email, E' \t\r\n')) = lower(%(text)s)
)
SELECT n.agent_id AS id, n.name, n.email
FROM named AS n
WHERE n.is_id OR NOT EXISTS (SELECT FROM named WHERE is_id)
ORDER BY n.agent_id
LIMIT %(limit)s;
