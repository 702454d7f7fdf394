-- A directory group that a rule would claim and another rule claims, and that rule. rule_id: of the first; null if new.
SELECT
    g.group_id,
    g.name,
    other.id AS rule_id,
    other.directory_group_id AS rule_directory_group_id,
    other.domain_name AS rule_domain_name
FROM manager.claims() AS claim
JOIN manager.provisioning_rules AS other ON other.id = claim.rule_id
JOIN directory.groups AS g ON g.group_id = claim.group_id
WHERE other.id IS DISTINCT FROM CAST(:rule_id AS UUID)
  AND (
    claim.group_id = CAST(:directory_group_id AS BIGINT)
    OR CAST(:with_groups_below AS BOOLEAN)
    AND claim.group_id IN (SELECT below.group_id FROM directory.groups_below(CAST(:directory_group_id AS BIGINT)) AS below)
  )
ORDER BY g.group_id
LIMIT 1
