-- A day that changes one in a hundred: of the projects their names, of the members half go and as many come.
UPDATE directory.groups SET name = name || '-renamed' WHERE group_id > 1 AND group_id % 100 = {turn};
DELETE FROM directory.group_membership WHERE agent_id % 200 = {turn} AND agent_id <= {members};
INSERT INTO directory.group_membership (group_id, agent_id)
SELECT n * 7 % {projects} + 2, {members} + {turn} * 10000 + n FROM generate_series(1, {members} / 200) AS n;
