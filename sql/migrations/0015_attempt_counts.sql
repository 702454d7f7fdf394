-- What was read of a day is known also where the day was not applied.
ALTER TABLE directory.sync_attempts ADD COLUMN counts JSONB;
COMMENT ON COLUMN directory.sync_attempts.counts IS
    'Records of groups and of agents that this attempt read, accepted and rejected; null for attempts of older versions.';
