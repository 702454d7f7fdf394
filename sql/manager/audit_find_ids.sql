-- The entities that have or had one of these names, of any domain where none is given.
SELECT n.entity_id
FROM manager.entity_names AS n
WHERE n.entity_name = ANY (:names) AND (CAST(:domain_name AS TEXT) IS NULL OR n.domain_name = :domain_name)
ORDER BY n.entity_id
LIMIT 1000;
