INSERT INTO manager.provisioned_members (group_id, user_id)
SELECT :project_id, user_id FROM unnest(CAST(:user_ids AS UUID[])) AS added (user_id)
ON CONFLICT DO NOTHING;
