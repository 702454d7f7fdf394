-- Whether the histories reach back to the applied day; each has groups.
SELECT EXISTS (SELECT FROM directory.groups_as_of(%(sync_day)s)) AS has_history;
