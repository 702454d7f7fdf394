SELECT (SELECT count(*) FROM directory.groups) AS groups,
       (SELECT count(*) FROM directory.groups WHERE inactive) AS inactive_groups,
       (SELECT count(*) FROM directory.group_membership) AS memberships,
       (SELECT count(*) FROM directory.agents) AS agents,
       (SELECT count(*) FROM directory.agents WHERE active) AS active_agents;
