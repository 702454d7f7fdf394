-- What the statuses of kernels and the stages of endpoints mean, said once. Postgres inlines these functions, so the
-- indexes of 0002_manager.sql and 0003_usage.sql, whose predicates have the same lists, serve them.

-- A kernel that holds resources. Any status counts that is not known to hold none.
CREATE FUNCTION manager.is_active_status(status TEXT) RETURNS BOOLEAN LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN status NOT IN ('TERMINATED', 'PENDING', 'CANCELLED');

-- A kernel that is active or may still become so: a PENDING one may start.
CREATE FUNCTION manager.is_live_status(status TEXT) RETURNS BOOLEAN LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN status NOT IN ('TERMINATED', 'CANCELLED');

-- A kernel that counts as usage.
CREATE FUNCTION manager.is_usage_status(status TEXT) RETURNS BOOLEAN LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN status IN ('TERMINATED', 'RUNNING');

-- An endpoint that still serves, or still holds what serves it.
CREATE FUNCTION manager.is_active_stage(lifecycle_stage TEXT) RETURNS BOOLEAN LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lifecycle_stage IN ('created', 'destroying');

CREATE OR REPLACE FUNCTION manager.kernels_in(period TSTZRANGE, group_ids UUID[]) RETURNS SETOF manager.kernels
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT k.*
    FROM manager.kernels AS k
    WHERE manager.is_usage_status(k.status)
      AND tstzrange(k.created_at, k.terminated_at, '[]') && period
      -- terminated, and nobody wrote when: it was at the last change of the status, not in every month since
      AND (k.status = 'RUNNING' OR k.terminated_at IS NOT NULL OR k.status_changed >= lower(period))
      AND k.group_id = ANY (group_ids)
$$;
