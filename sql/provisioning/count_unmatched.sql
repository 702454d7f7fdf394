SELECT reason, count(DISTINCT coalesce(agent_id::TEXT, user_id::TEXT)) FROM unmatched GROUP BY reason ORDER BY reason;
