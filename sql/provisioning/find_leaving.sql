-- Those of the users who still are members, and whom provisioning has added where members of others stay.
SELECT m.user_id
FROM manager.association_groups_users AS m
WHERE m.group_id = :project_id AND m.user_id = ANY (CAST(:user_ids AS UUID[]))
  AND (:is_exact OR EXISTS (
      SELECT FROM manager.provisioned_members AS made WHERE made.group_id = m.group_id AND made.user_id = m.user_id
  ));
