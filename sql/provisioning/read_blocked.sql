-- What is in the way: of a project as a whole (step is null), or of its new name or policy.
SELECT blocker AS reason, group_id, group_name, domain_name, wanted_name, wanted_policy, project_id, old_name AS project_name,
       old_domain AS project_domain, step IS NULL AS is_whole
FROM project_step
WHERE blocker IS NOT NULL
ORDER BY group_id
LIMIT %(limit)s;
