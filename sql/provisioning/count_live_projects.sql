SELECT count(*)
FROM manager.groups
WHERE is_active AND integration_id LIKE 'directory:%' AND manager.directory_group_of(integration_id) IS NOT NULL;
