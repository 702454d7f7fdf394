SELECT (SELECT count(*) FROM directory.groups_as_of(%(sync_day)s)) AS groups,
       (SELECT count(*) FROM directory.groups_as_of(%(sync_day)s) WHERE inactive) AS inactive_groups,
       (SELECT count(*) FROM directory.memberships_as_of(%(sync_day)s)) AS memberships,
       (SELECT count(*) FROM directory.agents_as_of(%(sync_day)s)) AS agents,
       (SELECT count(*) FROM directory.agents_as_of(%(sync_day)s) WHERE active) AS active_agents;
