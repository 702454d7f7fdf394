-- What the usage queries say of one kernel. Postgres inlines what is in SQL here: a period is one pass over its kernels.

-- The kernels whose usage belongs to a period. Their lives include both ends, the period should exclude its end.
CREATE FUNCTION manager.kernels_in(period TSTZRANGE, group_ids UUID[]) RETURNS SETOF manager.kernels
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT k.*
    FROM manager.kernels AS k
    WHERE k.status IN ('TERMINATED', 'RUNNING')
      AND tstzrange(k.created_at, k.terminated_at, '[]') && period
      -- terminated, and nobody wrote when: it was at the last change of the status, not in every month since
      AND (k.status = 'RUNNING' OR k.terminated_at IS NOT NULL OR k.status_changed >= lower(period))
      AND k.group_id = ANY (group_ids)
$$;

-- The partial index kernels_life_idx has no statistics that the planner would use.
CREATE STATISTICS manager.kernels_life ON (tstzrange(created_at, terminated_at, '[]')) FROM manager.kernels;

CREATE FUNCTION manager.stored_statistics(last_stat JSONB) RETURNS JSONB LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(last_stat) = 'object' AND last_stat <> '{}' THEN last_stat END;

-- Those whose statistics have to be asked for elsewhere: few, and read in pages.
CREATE INDEX kernels_without_statistics_idx ON manager.kernels (id)
    WHERE status IN ('TERMINATED', 'RUNNING') AND manager.stored_statistics(last_stat) IS NULL;

-- A number, also one in a string; 0 where there is none; NULL where there is something else, which nobody can read.
-- The pattern has no bounded repetitions: they make it five times slower.
CREATE FUNCTION manager.figure(parent JSONB, field TEXT) RETURNS NUMERIC LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN parent ->> field ~ '^[0-9]+\.?[0-9]*([eE][-+]?[0-9][0-9]?)?$' AND length(parent ->> field) <= 60
    THEN (parent ->> field)::NUMERIC
    WHEN parent IS NULL OR (jsonb_typeof(parent) = 'object' AND NOT parent ? field) THEN 0
END;

-- The same, and binary sizes such as 64m and 1.5GiB.
CREATE FUNCTION manager.size(parent JSONB, field TEXT) RETURNS NUMERIC LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(
    manager.figure(parent, field),
    CASE WHEN parent ->> field ~* '^[0-9]+\.?[0-9]* *[kmgtpe](i?b)?$' AND length(parent ->> field) <= 60 THEN
        substring(parent ->> field FROM '^[0-9.]+')::NUMERIC
        * 1024::NUMERIC ^ strpos('kmgtpe', lower(substring(parent ->> field FROM '[a-zA-Z]')))
    END
);

CREATE TYPE manager.accelerators AS (smp NUMERIC, mem NUMERIC, models TEXT[]);

-- Attached devices are lists by kind; those of the kinds cpu and mem are no accelerators. NULL where one is unreadable.
CREATE FUNCTION manager.sum_accelerators(attached_devices JSONB) RETURNS manager.accelerators
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    devices JSONB := jsonb_path_query_array(attached_devices - ARRAY['cpu', 'mem'], '$.*[*]');
    device JSONB;
    total manager.accelerators := (0, 0, '{}');
BEGIN
    FOR position IN 0 .. jsonb_array_length(devices) - 1 LOOP
        device := devices -> position;
        total.smp := total.smp + trunc(manager.figure(device -> 'data', 'smp'));
        total.mem := total.mem + trunc(manager.size(device -> 'data', 'mem'));
        IF jsonb_typeof(device) <> 'object' OR total.smp IS NULL OR total.mem IS NULL THEN
            RETURN NULL;
        ELSIF jsonb_typeof(device -> 'model_name') = 'string' AND device ->> 'model_name' <> '' THEN
            total.models := total.models || (device ->> 'model_name');
        END IF;
    END LOOP;
    RETURN total;
END
$$;

-- The sum of the slots that are accelerators or shares of them.
CREATE FUNCTION manager.sum_accelerator_slots(occupied_slots JSONB) RETURNS NUMERIC
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    slots JSONB := jsonb_path_query_array(
        occupied_slots, '$.keyvalue() ? (@.key like_regex "\\.(devices?|shares)$")'
    );
    total NUMERIC := 0;
BEGIN
    FOR position IN 0 .. jsonb_array_length(slots) - 1 LOOP
        total := total + manager.figure(slots -> position, 'value');
    END LOOP;
    RETURN total;
END
$$;

-- The kernels of a period and their figures; NULL is a figure that nobody can read. Statistics are those stored, else
-- those in `live`, by kernel id; they are of the whole life of a kernel, because they do not say when.
CREATE FUNCTION manager.kernel_usage(period TSTZRANGE, group_ids UUID[], live JSONB) RETURNS TABLE (
    id UUID, group_id UUID, session_id UUID, has_statistics BOOLEAN,
    cpu_allocated NUMERIC, cpu_used NUMERIC, mem_allocated NUMERIC, mem_used NUMERIC, shared_memory NUMERIC,
    disk_allocated NUMERIC, disk_used NUMERIC, io_read NUMERIC, io_write NUMERIC, gpu_allocated NUMERIC,
    accelerators manager.accelerators
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT
        k.id,
        k.group_id,
        k.session_id,
        k.statistics IS NOT NULL,
        manager.figure(k.occupied_slots, 'cpu'),
        manager.figure(k.statistics -> 'cpu_used', 'current'),
        trunc(manager.figure(k.occupied_slots, 'mem')),
        trunc(manager.figure(k.statistics -> 'mem', 'capacity')),
        trunc(manager.size(k.resource_opts, 'shmem')),
        trunc(manager.figure(k.occupied_slots, 'disk')),
        trunc(manager.figure(k.statistics -> 'io_scratch_size', 'stats.max')),
        trunc(manager.figure(k.statistics -> 'io_read', 'current')),
        trunc(manager.figure(k.statistics -> 'io_write', 'current')),
        CASE
            WHEN jsonb_typeof(k.occupied_slots) <> 'object' THEN NULL
            WHEN k.occupied_slots - ARRAY['cpu', 'mem'] = '{}' THEN 0
            ELSE manager.sum_accelerator_slots(k.occupied_slots)
        END,
        CASE
            WHEN k.attached_devices = '{}' THEN (0, 0, '{}')::manager.accelerators
            WHEN jsonb_typeof(k.attached_devices) = 'object' THEN manager.sum_accelerators(k.attached_devices)
        END
    FROM (
        SELECT k.*, coalesce(manager.stored_statistics(k.last_stat), live -> k.id::TEXT) AS statistics
        FROM manager.kernels_in(period, group_ids) AS k
    ) AS k
    OFFSET '0'  -- so that a figure is computed once, however often a query names it; quoted, it still runs in parallel
$$;

CREATE FUNCTION manager.unite(one TEXT[], other TEXT[]) RETURNS TEXT[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF other <@ one THEN
        RETURN one;
    END IF;
    RETURN ARRAY(SELECT unnest(one) UNION SELECT unnest(other) ORDER BY 1);
END
$$;

-- The union of sets, in one pass and in parallel.
CREATE AGGREGATE manager.union_of(TEXT[]) (
    SFUNC = manager.unite, STYPE = TEXT[], COMBINEFUNC = manager.unite, PARALLEL = SAFE
);
