-- The agents whose names and addresses share the most pieces with a text, at most %(limit)s.
SELECT near.agent_id AS id, near.name, near.email
FROM (
    SELECT agent_id, name, email,
           (SELECT count(*) FROM unnest(%(pieces)s::TEXT[]) AS piece
            WHERE strpos(lower(concat_ws(' ', name, email)), piece) > 0) AS shared
    FROM directory.agents
) AS near
WHERE near.shared > 0
ORDER BY near.shared DESC, length(concat_ws(' ', near.name, near.email)), near.agent_id
LIMIT %(limit)s;
