-- Those of the users who still may become members; they stay so until the commit.
SELECT uuid FROM manager.users
WHERE uuid = ANY (CAST(:user_ids AS UUID[])) AND status = 'active' AND domain_name = :domain_name
ORDER BY uuid
FOR SHARE;
