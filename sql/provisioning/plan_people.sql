-- M3: every agent and every user with the address by which they are compared, and the addresses that are of two.
DROP TABLE IF EXISTS pg_temp.agent_address, pg_temp.user_address, pg_temp.shared_address;
CREATE TEMP TABLE agent_address AS
SELECT a.agent_id, a.active, a.name, a.email, manager.fold_address(a.email) AS address FROM directory.agents AS a;
CREATE TEMP TABLE user_address AS
SELECT u.uuid AS user_id, u.email, u.domain_name, u.status = 'active' AS is_active,
       manager.fold_address(u.email) AS address
FROM manager.users AS u;
CREATE TEMP TABLE shared_address AS
SELECT address, bool_or(is_of_agents) AS is_of_agents
FROM (
    SELECT address, TRUE AS is_of_agents FROM agent_address WHERE address IS NOT NULL GROUP BY address HAVING count(*) > 1
    UNION ALL
    SELECT address, FALSE FROM user_address WHERE address IS NOT NULL GROUP BY address HAVING count(*) > 1
) AS shared
GROUP BY address;
ANALYZE agent_address, user_address, shared_address;
