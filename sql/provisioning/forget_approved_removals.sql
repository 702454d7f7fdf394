-- All of them after a run that did all; else those that are done.
DELETE FROM manager.approved_removals AS a
WHERE %(is_complete)s
   OR a.user_id IS NULL AND NOT EXISTS (SELECT FROM manager.groups AS p WHERE p.id = a.project_id AND p.is_active)
   OR a.user_id IS NOT NULL AND NOT EXISTS (
       SELECT FROM manager.association_groups_users AS m WHERE m.group_id = a.project_id AND m.user_id = a.user_id
   );
