-- Counts and sums of hashes of the staged members, as digest_tables.sql has for the stored ones.
CREATE TEMP TABLE staged_digest ON COMMIT DROP AS
SELECT count(*) AS pairs,
       coalesce(sum(hashint8extended(group_id, agent_id)), 0) AS by_group,
       coalesce(sum(hashint8extended(agent_id, group_id)), 0) AS by_agent
FROM group_member;
