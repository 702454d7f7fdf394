-- What a sync leaves behind for the next one, so that a day costs what changed.

ALTER TABLE directory.sync_days
    ADD COLUMN tables_fingerprint TEXT,
    ADD COLUMN cycles BIGINT[],
    ADD COLUMN is_checked_whole BOOLEAN NOT NULL DEFAULT TRUE;  -- until now every day was
COMMENT ON COLUMN directory.sync_days.tables_fingerprint IS
    'Of the groups'' parents and flags, the memberships and the agents'' statuses as this day left them. Other content: somebody else changed them.';
COMMENT ON COLUMN directory.sync_days.cycles IS 'The smallest group_id of each cycle that this day left.';
COMMENT ON COLUMN directory.sync_days.is_checked_whole IS
    'Whether every check of this day looked at every row, and not only at what the day wrote.';

-- The second half of hierarchy_cycles(): pg_temp.cycle_step holds (source, target) edges upwards, all cycles among
-- them. Stepping by twice the distance each round leaves, after log2(longest way) rounds, only the groups on cycles;
-- the same doubling then names each cycle by its smallest id.
CREATE FUNCTION directory.cycles_among_steps(max_path INTEGER)
RETURNS TABLE (group_id BIGINT, length BIGINT, path TEXT)
LANGUAGE plpgsql AS $$
DECLARE
    before BIGINT;
    after BIGINT;
BEGIN
    SELECT count(*) INTO before FROM cycle_step;
    WHILE before > 0 LOOP
        CREATE TEMP TABLE cycle_next ON COMMIT DROP AS
        SELECT here.source, ahead.target
        FROM cycle_step AS here
        JOIN cycle_step AS ahead ON ahead.source = here.target
        WHERE EXISTS (SELECT FROM cycle_step AS image WHERE image.target = here.source);
        GET DIAGNOSTICS after = ROW_COUNT;
        DROP TABLE cycle_step;
        ALTER TABLE cycle_next RENAME TO cycle_step;
        EXIT WHEN after = before;
        before := after;
    END LOOP;

    CREATE TEMP TABLE cycle_ring ON COMMIT DROP AS
    SELECT g.group_id AS source, g.parent_group_id AS target, g.group_id AS smallest
    FROM directory.groups AS g
    JOIN cycle_step AS on_cycle ON on_cycle.source = g.group_id;
    GET DIAGNOSTICS after = ROW_COUNT;

    WHILE after > 0 LOOP
        CREATE TEMP TABLE cycle_next ON COMMIT DROP AS
        SELECT here.source, ahead.target, least(here.smallest, ahead.smallest) AS smallest,
               ahead.smallest < here.smallest AS has_changed
        FROM cycle_ring AS here
        JOIN cycle_ring AS ahead ON ahead.source = here.target;
        SELECT count(*) INTO after FROM cycle_next WHERE has_changed;
        DROP TABLE cycle_ring;
        ALTER TABLE cycle_next DROP COLUMN has_changed;
        ALTER TABLE cycle_next RENAME TO cycle_ring;
    END LOOP;

    RETURN QUERY
    WITH RECURSIVE walk AS (
        SELECT ring.smallest, ring.source AS member_id, 1 AS ordinal
        FROM cycle_ring AS ring
        WHERE ring.source = ring.smallest
        UNION ALL
        SELECT walk.smallest, up.parent_group_id, walk.ordinal + 1
        FROM walk
        CROSS JOIN LATERAL (
            SELECT g.parent_group_id FROM directory.groups AS g WHERE g.group_id = walk.member_id OFFSET 0
        ) AS up
        WHERE up.parent_group_id <> walk.smallest AND walk.ordinal < max_path
    ),
    sizes AS (
        SELECT ring.smallest, count(*) AS length FROM cycle_ring AS ring GROUP BY ring.smallest
    )
    SELECT walk.smallest,
           sizes.length,
           string_agg(walk.member_id::TEXT, ' → ' ORDER BY walk.ordinal)
               || CASE WHEN sizes.length > max_path THEN ' → …' ELSE '' END
               || ' → ' || walk.smallest
    FROM walk
    JOIN sizes USING (smallest)
    GROUP BY walk.smallest, sizes.length;
    DROP TABLE cycle_step, cycle_ring;
END
$$;

-- One row per cycle on which one of these groups lies, or that lies above one of them. A cycle that was not there
-- before holds a group that is new or has moved: these and one group of each old cycle lead to all cycles.
CREATE FUNCTION directory.hierarchy_cycles_above(starts BIGINT[], max_path INTEGER DEFAULT 100)
RETURNS TABLE (group_id BIGINT, length BIGINT, path TEXT)
LANGUAGE plpgsql AS $$
BEGIN
    DROP TABLE IF EXISTS pg_temp.cycle_step, pg_temp.cycle_next, pg_temp.cycle_ring;
    CREATE TEMP TABLE cycle_step ON COMMIT DROP AS
    WITH RECURSIVE walk (source, target) AS (
        SELECT g.group_id, g.parent_group_id
        FROM directory.groups AS g
        WHERE g.group_id = ANY (starts) AND g.parent_group_id IS NOT NULL
        UNION
        SELECT up.group_id, up.parent_group_id
        FROM walk
        CROSS JOIN LATERAL (
            SELECT g.group_id, g.parent_group_id
            FROM directory.groups AS g
            WHERE g.group_id = walk.target AND g.parent_group_id IS NOT NULL
            OFFSET 0
        ) AS up
    )
    SELECT walk.source, walk.target FROM walk;
    RETURN QUERY SELECT * FROM directory.cycles_among_steps(max_path);
END
$$;

-- As before: one row per cycle of all groups. The smallest group of a cycle has a greater parent (or itself): where few
-- groups have, as parents mostly are there first, these lead to all cycles. Else the groups that hang from a root are
-- taken out first, which is linear.
CREATE OR REPLACE FUNCTION directory.hierarchy_cycles(max_path INTEGER DEFAULT 100)
RETURNS TABLE (group_id BIGINT, length BIGINT, path TEXT)
LANGUAGE plpgsql AS $$
DECLARE
    rising BIGINT[];
BEGIN
    SELECT array_agg(g.group_id) INTO rising FROM directory.groups AS g WHERE g.parent_group_id >= g.group_id;
    IF coalesce(cardinality(rising), 0) * 20 <= (SELECT count(*) FROM directory.groups) THEN
        RETURN QUERY SELECT * FROM directory.hierarchy_cycles_above(coalesce(rising, '{}'), max_path);
        RETURN;
    END IF;
    DROP TABLE IF EXISTS pg_temp.cycle_step, pg_temp.cycle_next, pg_temp.cycle_ring;
    CREATE TEMP TABLE cycle_step ON COMMIT DROP AS
    WITH RECURSIVE rooted (group_id) AS (
        SELECT g.group_id
        FROM directory.groups AS g
        LEFT JOIN directory.groups AS parent ON parent.group_id = g.parent_group_id
        WHERE parent.group_id IS NULL
        UNION ALL  -- below a root every group has one parent: no group comes twice
        SELECT child.group_id
        FROM rooted
        CROSS JOIN LATERAL (
            SELECT c.group_id FROM directory.groups AS c WHERE c.parent_group_id = rooted.group_id OFFSET 0
        ) AS child
    )
    SELECT g.group_id AS source, g.parent_group_id AS target
    FROM directory.groups AS g
    LEFT JOIN rooted ON rooted.group_id = g.group_id
    WHERE rooted.group_id IS NULL;
    RETURN QUERY SELECT * FROM directory.cycles_among_steps(max_path);
END
$$;
