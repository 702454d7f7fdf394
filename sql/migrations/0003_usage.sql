-- What the usage queries say of one kernel. All of it is inlined into them, so a period is one pass over its kernels.

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

CREATE FUNCTION manager.stored_statistics(last_stat JSONB) RETURNS JSONB LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(last_stat) = 'object' AND last_stat <> '{}' THEN last_stat END;

-- Those whose statistics have to be asked for elsewhere: few, and read in pages.
CREATE INDEX kernels_without_statistics_idx ON manager.kernels (id)
    WHERE status IN ('TERMINATED', 'RUNNING') AND manager.stored_statistics(last_stat) IS NULL;

-- A number, also one in a string; 0 where there is none; NULL where there is something else, which nobody can read.
CREATE FUNCTION manager.figure(parent JSONB, field TEXT) RETURNS NUMERIC LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN parent ->> field ~ '^[0-9]{1,30}(\.[0-9]{0,30})?([eE][-+]?[0-9]{1,2})?$' THEN (parent ->> field)::NUMERIC
    WHEN parent IS NULL OR (jsonb_typeof(parent) = 'object' AND NOT parent ? field) THEN 0
END;

-- The same, and binary sizes such as 64m and 1GiB.
CREATE FUNCTION manager.size(parent JSONB, field TEXT) RETURNS NUMERIC LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN parent ->> field ~* '^[0-9]{1,15}(\.[0-9]{1,15})? *[kmgtpe](i?b)?$' THEN trunc(
        substring(parent ->> field FROM '^[0-9.]+')::NUMERIC
        * 1024::NUMERIC ^ strpos('kmgtpe', lower(substring(parent ->> field FROM '[a-zA-Z]')))
    )
    ELSE manager.figure(parent, field)
END;

-- Whole statistics, not the part of them that falls into a period: they do not say when.
CREATE FUNCTION manager.kernel_figures(
    occupied_slots JSONB, resource_opts JSONB, attached_devices JSONB, statistics JSONB
) RETURNS TABLE (
    cpu_allocated NUMERIC, cpu_used NUMERIC, mem_allocated NUMERIC, mem_used NUMERIC, shared_memory NUMERIC,
    disk_allocated NUMERIC, disk_used NUMERIC, io_read NUMERIC, io_write NUMERIC, smp NUMERIC,
    gpu_mem_allocated NUMERIC, gpu_allocated NUMERIC, device_type TEXT[]
) LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT
        manager.figure(occupied_slots, 'cpu'),
        manager.figure(statistics -> 'cpu_used', 'current'),
        trunc(manager.figure(occupied_slots, 'mem')),
        trunc(manager.figure(statistics -> 'mem', 'capacity')),
        trunc(manager.size(resource_opts, 'shmem')),
        trunc(manager.figure(occupied_slots, 'disk')),
        trunc(manager.figure(statistics -> 'io_scratch_size', 'stats.max')),
        trunc(manager.figure(statistics -> 'io_read', 'current')),
        trunc(manager.figure(statistics -> 'io_write', 'current')),
        trunc(devices.smp),
        trunc(devices.mem),
        CASE WHEN jsonb_typeof(occupied_slots) = 'object' THEN (
            SELECT CASE WHEN count(*) = count(slot.amount) THEN coalesce(sum(slot.amount), 0) END
            FROM (
                SELECT manager.figure(occupied_slots, name) AS amount
                FROM jsonb_object_keys(occupied_slots) AS name
                WHERE name ~ '\.(devices?|shares)$'
            ) AS slot
        ) END,
        coalesce(devices.models, '{}')
    FROM (
        SELECT
            CASE WHEN count(*) = count(device.smp) THEN coalesce(sum(device.smp), 0) END AS smp,
            CASE WHEN count(*) = count(device.mem) THEN coalesce(sum(device.mem), 0) END AS mem,
            array_agg(DISTINCT device.model) FILTER (WHERE device.model <> '') AS models
        FROM (
            SELECT
                manager.figure(data, 'smp') AS smp,
                manager.size(data, 'mem') AS mem,
                model
            FROM (
                SELECT
                    CASE WHEN jsonb_typeof(each) = 'object' THEN each -> 'data' ELSE 'null' END AS data,
                    CASE WHEN jsonb_typeof(each -> 'model_name') = 'string' THEN each ->> 'model_name' END AS model
                FROM jsonb_path_query(
                    CASE
                        WHEN jsonb_typeof(attached_devices) = 'object'
                        THEN attached_devices - ARRAY['cpu', 'mem']
                        ELSE '{"unreadable": null}'
                    END,
                    '$.*[*]'
                ) AS each
            ) AS attached
        ) AS device
    ) AS devices
    OFFSET 0  -- each figure is computed once, however often the query names it
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
