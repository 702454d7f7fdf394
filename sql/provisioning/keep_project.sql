INSERT INTO manager.provisioned_projects AS made (project_id, rule_id, is_deleted)
VALUES (:project_id, :rule_id, :is_deleted)
ON CONFLICT (project_id) DO UPDATE SET rule_id = EXCLUDED.rule_id, is_deleted = EXCLUDED.is_deleted
WHERE (made.rule_id, made.is_deleted) <> (EXCLUDED.rule_id, EXCLUDED.is_deleted);
