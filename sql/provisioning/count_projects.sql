-- How many active projects a rule made or took over.
SELECT count(*)
FROM manager.provisioned_projects AS made
JOIN manager.groups AS project ON project.id = made.project_id
WHERE made.rule_id = :rule_id AND project.is_active
