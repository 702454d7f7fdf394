-- What the newest attempt of the day read, accepted and rejected; no row where that was not counted.
SELECT (counts -> 'groups' ->> 'read')::BIGINT AS groups_read,
       (counts -> 'groups' ->> 'accepted')::BIGINT AS groups_accepted,
       (counts -> 'groups' ->> 'rejected')::BIGINT AS groups_rejected,
       (counts -> 'agents' ->> 'read')::BIGINT AS agents_read,
       (counts -> 'agents' ->> 'accepted')::BIGINT AS agents_accepted,
       (counts -> 'agents' ->> 'rejected')::BIGINT AS agents_rejected
FROM directory.sync_attempts
WHERE sync_day = %(sync_day)s AND counts IS NOT NULL;
