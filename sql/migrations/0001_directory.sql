-- The directory: what upstream's daily snapshots say, applied.

CREATE SCHEMA directory;

CREATE TABLE directory.agents (
    agent_id   BIGINT PRIMARY KEY,
    email      TEXT,
    name       TEXT,
    active     BOOLEAN NOT NULL,
    created_at TIMESTAMP,
    updated_at TIMESTAMP
);
COMMENT ON TABLE directory.agents IS 'People of the admin system. Never deleted: who left the roster is inactive.';

CREATE TABLE directory.groups (
    group_id        BIGINT PRIMARY KEY,
    name            TEXT NOT NULL,
    parent_group_id BIGINT,
    created_at      TIMESTAMP,
    updated_at      TIMESTAMP,
    inactive        BOOLEAN NOT NULL
);
CREATE INDEX groups_parent_group_id_idx ON directory.groups (parent_group_id) WHERE parent_group_id IS NOT NULL;
COMMENT ON TABLE directory.groups IS
    'Groups as upstream last described them. Timestamps are UTC. The parent is what upstream says: it may be missing or close a cycle.';
COMMENT ON COLUMN directory.groups.inactive IS
    'True iff no active agent is a member of the group or of any group below it, at any depth.';

-- No foreign keys: their per-row triggers cost more than the whole load of a day (docs/decisions), and the checks
-- that run inside the loading transaction refuse a membership without its group or agent.
CREATE TABLE directory.group_membership (
    group_id BIGINT NOT NULL,
    agent_id BIGINT NOT NULL,
    PRIMARY KEY (group_id, agent_id)
);
COMMENT ON TABLE directory.group_membership IS 'Which agents are members of which groups; both are known.';

CREATE TABLE directory.pending_membership (
    group_id BIGINT NOT NULL,
    agent_id BIGINT NOT NULL,
    PRIMARY KEY (group_id, agent_id)
);
COMMENT ON TABLE directory.pending_membership IS
    'Memberships that a group''s last good record names but whose agent is not known yet.';

CREATE TABLE directory.findings (
    sync_day TEXT NOT NULL,
    code     TEXT NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('error', 'warning')),
    file     TEXT,
    position BIGINT,
    group_id BIGINT,
    agent_id BIGINT,
    detail   TEXT,
    raw      TEXT
);
CREATE INDEX findings_sync_day_code_idx ON directory.findings (sync_day, code);
COMMENT ON TABLE directory.findings IS
    'What a person should know about a record or an edge. Severity error: not loaded; warning: loaded, needs a look.';

CREATE TABLE directory.sync_days (
    sync_day    TEXT PRIMARY KEY,
    sort_key    TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT NOT NULL,
    counts      JSONB NOT NULL,
    applied_at  TIMESTAMPTZ NOT NULL,
    run_id      TEXT
);
COMMENT ON TABLE directory.sync_days IS
    'One row per applied day. A run that changed nothing leaves the row of the run before.';

-- The ancestors of every group, nearest first. UNION walks a cycle once; the path of one group is a single chain, so
-- the order in which the recursion emits its rows is the distance. Filter by group_id: the walk starts there.
CREATE VIEW directory.group_ancestry AS
SELECT g.group_id, up.ancestor_id, up.distance
FROM directory.groups AS g
CROSS JOIN LATERAL (
    WITH RECURSIVE walk (ancestor_id) AS (
        SELECT parent.group_id
        FROM directory.groups AS parent
        WHERE parent.group_id = g.parent_group_id
        UNION
        SELECT parent.group_id
        FROM walk
        JOIN directory.groups AS child ON child.group_id = walk.ancestor_id
        JOIN directory.groups AS parent ON parent.group_id = child.parent_group_id
    )
    SELECT walk.ancestor_id, row_number() OVER () AS distance
    FROM walk
) AS up
WHERE up.ancestor_id <> g.group_id;
COMMENT ON VIEW directory.group_ancestry IS 'group_id, ancestor_id, distance (1 is the parent). Safe on cycles.';

-- One row per cycle: its smallest group_id, its length, its path (upwards, the first id again at the end).
-- Linear for the groups that hang from a root. What is left lies on a cycle or below one: stepping upwards by twice
-- the distance each round leaves, after log2(longest tail) rounds, only the groups on cycles; the same doubling then
-- names each cycle by its smallest id.
CREATE FUNCTION directory.hierarchy_cycles(max_path INTEGER DEFAULT 100)
RETURNS TABLE (group_id BIGINT, length BIGINT, path TEXT)
LANGUAGE plpgsql AS $$
DECLARE
    before BIGINT;
    after BIGINT;
BEGIN
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
    GET DIAGNOSTICS before = ROW_COUNT;

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

-- People write SELECT * FROM groups: the schema goes first on this database's search_path, before what was there.
DO $$
DECLARE
    configured TEXT;
BEGIN
    SELECT substring(setting FROM '^search_path=(.*)$') INTO configured
    FROM pg_db_role_setting AS s, unnest(s.setconfig) AS setting
    WHERE s.setrole = 0 AND s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND setting LIKE 'search_path=%';
    EXECUTE format('ALTER DATABASE %I SET search_path = directory, %s',
                   current_database(), coalesce(configured, '"$user", public'));
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'The search_path of this database is not ours to set: write directory.groups, or set it yourself.';
END
$$;
