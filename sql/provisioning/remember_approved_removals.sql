INSERT INTO manager.approved_removals (project_id, user_id)
SELECT project_id, NULL FROM project_step WHERE step = 'delete'
UNION ALL
SELECT project_id, user_id FROM member_step WHERE NOT is_added
ON CONFLICT DO NOTHING;
