SELECT reason, group_id, group_name, agent_id, agent_name, email, user_id, domain_name AS user_domain
FROM unmatched
ORDER BY reason, group_id, agent_id, user_id
LIMIT %(limit)s;
