-- What protects the tables from a wrong snapshot, and what they were on each applied day.

-- Days are in natural order whatever the case of their labels: as directory/day_names.py has it.
UPDATE directory.sync_days
SET sort_key = lower(sort_key) || ' ' || sync_day
WHERE sync_day <> lower(sync_day COLLATE "C");

-- When a run was last known to work: its worker may be on another host, and gone. By this server's clock.
CREATE TABLE platform.run_heartbeats (
    run_id  TEXT PRIMARY KEY,
    beat_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE platform.run_heartbeats IS
    'A run of Dagster that some process works on, and when that process last said so.';

CREATE TABLE directory.sync_plans (
    sync_day    TEXT NOT NULL,
    plan_id     TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    outcome     TEXT NOT NULL CHECK (outcome IN ('planned', 'held', 'applied')),
    counts      JSONB NOT NULL,
    excesses    JSONB NOT NULL,
    samples     JSONB NOT NULL,
    made_at     TIMESTAMPTZ NOT NULL DEFAULT now(),
    run_id      TEXT,
    PRIMARY KEY (sync_day, plan_id)
);
COMMENT ON TABLE directory.sync_plans IS
    'What a day would change, or changed: rows by kind, at most 100 of each kind, and the limits that it exceeds.';
COMMENT ON COLUMN directory.sync_plans.plan_id IS
    'A digest of every changed row: the same content over the same tables has the same plan.';

CREATE TABLE directory.sync_decisions (
    decision_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sync_day    TEXT NOT NULL,
    decision    TEXT NOT NULL CHECK (decision IN ('approve', 'reject', 'skip')),
    plan_id     TEXT,
    fingerprint TEXT NOT NULL,
    decided_by  TEXT NOT NULL CHECK (decided_by <> ''),
    reason      TEXT NOT NULL CHECK (reason <> ''),
    decided_at  TIMESTAMPTZ NOT NULL DEFAULT now(),
    CHECK (decision <> 'approve' OR plan_id IS NOT NULL)
);
CREATE INDEX sync_decisions_sync_day_idx ON directory.sync_decisions (sync_day, decision_id);
COMMENT ON TABLE directory.sync_decisions IS
    'What people decided about a day, and why. Append-only. The newest of a day holds, for the content or plan that it names.';

CREATE FUNCTION directory.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON directory.sync_decisions
    FOR EACH STATEMENT EXECUTE FUNCTION directory.refuse_change();

CREATE TABLE directory.sync_attempts (
    sync_day    TEXT PRIMARY KEY,
    sort_key    TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT NOT NULL,
    outcome     TEXT NOT NULL CHECK (outcome IN ('applied', 'late', 'held', 'incomplete', 'failed')),
    message     TEXT NOT NULL,
    plan_id     TEXT,
    run_id      TEXT,
    ended_at    TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE directory.sync_attempts IS
    'How the newest attempt to apply each day ended. late: read, and left out of the tables because a newer day was applied; failed: a check rolled it back.';

CREATE TABLE directory.missing_groups (
    group_id  BIGINT NOT NULL,
    since_day TEXT NOT NULL,
    ended_day TEXT,
    to_day    TEXT,
    PRIMARY KEY (group_id, since_day)
);
COMMENT ON TABLE directory.missing_groups IS
    'Groups without a record: from since_day until before to_day, which is null while it lasts. ended_day: when their memberships ended for that.';

-- History: a row per interval of applied days, from_day included, to_day not; to_day is null while it lasts.
CREATE TABLE directory.group_history (
    group_id        BIGINT NOT NULL,
    from_day        TEXT NOT NULL,
    to_day          TEXT,
    name            TEXT NOT NULL,
    parent_group_id BIGINT,
    inactive        BOOLEAN NOT NULL,
    PRIMARY KEY (group_id, from_day)
);
CREATE TABLE directory.agent_history (
    agent_id BIGINT NOT NULL,
    from_day TEXT NOT NULL,
    to_day   TEXT,
    active   BOOLEAN NOT NULL,
    name     TEXT,
    email    TEXT,
    PRIMARY KEY (agent_id, from_day)
);
CREATE TABLE directory.membership_history (
    group_id BIGINT NOT NULL,
    agent_id BIGINT NOT NULL,
    from_day TEXT NOT NULL,
    to_day   TEXT,
    PRIMARY KEY (group_id, agent_id, from_day)
);
CREATE TABLE directory.pending_history (
    group_id BIGINT NOT NULL,
    agent_id BIGINT NOT NULL,
    from_day TEXT NOT NULL,
    to_day   TEXT,
    PRIMARY KEY (group_id, agent_id, from_day)
);
-- What the histories do not tell of a group or an agent, such as its timestamps: a replay from a day begins with it.
CREATE TABLE directory.rows_before (
    sync_day TEXT NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('group', 'agent')),
    id       BIGINT NOT NULL,
    before   JSONB NOT NULL,
    PRIMARY KEY (sync_day, kind, id)
);
COMMENT ON TABLE directory.pending_history IS
    'When a membership waited for an agent that was not known: from_day included, to_day not; null while it lasts.';
COMMENT ON TABLE directory.rows_before IS
    'The row of a group or an agent before the applied day that changed it. Rows that the day inserted have none.';
COMMENT ON TABLE directory.group_history IS
    'What a group was from the applied day from_day until before to_day; to_day is null while it lasts.';
COMMENT ON TABLE directory.agent_history IS
    'What an agent was from the applied day from_day until before to_day; to_day is null while it lasts.';
COMMENT ON TABLE directory.membership_history IS
    'When an agent was a member of a group: from the applied day from_day until before to_day; null while it lasts.';

-- Where days were applied before there was a history, it begins with the newest of them.
INSERT INTO directory.group_history
SELECT g.group_id, d.sync_day, NULL, g.name, g.parent_group_id, g.inactive
FROM directory.groups AS g
CROSS JOIN (SELECT sync_day FROM directory.sync_days ORDER BY sort_key DESC, sync_day DESC LIMIT 1) AS d;
INSERT INTO directory.agent_history
SELECT a.agent_id, d.sync_day, NULL, a.active, a.name, a.email
FROM directory.agents AS a
CROSS JOIN (SELECT sync_day FROM directory.sync_days ORDER BY sort_key DESC, sync_day DESC LIMIT 1) AS d;
INSERT INTO directory.membership_history
SELECT m.group_id, m.agent_id, d.sync_day, NULL
FROM directory.group_membership AS m
CROSS JOIN (SELECT sync_day FROM directory.sync_days ORDER BY sort_key DESC, sync_day DESC LIMIT 1) AS d;

INSERT INTO directory.pending_history
SELECT p.group_id, p.agent_id, d.sync_day, NULL
FROM directory.pending_membership AS p
CROSS JOIN (SELECT sync_day FROM directory.sync_days ORDER BY sort_key DESC, sync_day DESC LIMIT 1) AS d;

-- The applied days up to and with one of them. Raises an error for a day that was not applied.
CREATE FUNCTION directory.days_until(day TEXT) RETURNS SETOF TEXT LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM directory.sync_days AS d WHERE d.sync_day = day) THEN
        RAISE EXCEPTION 'The day % was not applied; SELECT sync_day FROM sync_days lists those that were.', day;
    END IF;
    RETURN QUERY
    SELECT d.sync_day
    FROM directory.sync_days AS d
    JOIN directory.sync_days AS until ON until.sync_day = day
    WHERE (d.sort_key, d.sync_day) <= (until.sort_key, until.sync_day);
END
$$;
COMMENT ON FUNCTION directory.days_until IS 'The applied days up to and with the given one, which must be applied.';

CREATE FUNCTION directory.groups_as_of(day TEXT)
RETURNS TABLE (group_id BIGINT, name TEXT, parent_group_id BIGINT, inactive BOOLEAN) LANGUAGE sql STABLE AS $$
    WITH known AS MATERIALIZED (SELECT directory.days_until(day) AS sync_day)
    SELECT h.group_id, h.name, h.parent_group_id, h.inactive
    FROM directory.group_history AS h
    WHERE h.from_day IN (SELECT sync_day FROM known)
      AND (h.to_day IS NULL OR h.to_day NOT IN (SELECT sync_day FROM known))
$$;
COMMENT ON FUNCTION directory.groups_as_of IS 'The groups as they were after the applied day.';

CREATE FUNCTION directory.agents_as_of(day TEXT)
RETURNS TABLE (agent_id BIGINT, active BOOLEAN, name TEXT, email TEXT) LANGUAGE sql STABLE AS $$
    WITH known AS MATERIALIZED (SELECT directory.days_until(day) AS sync_day)
    SELECT h.agent_id, h.active, h.name, h.email
    FROM directory.agent_history AS h
    WHERE h.from_day IN (SELECT sync_day FROM known)
      AND (h.to_day IS NULL OR h.to_day NOT IN (SELECT sync_day FROM known))
$$;
COMMENT ON FUNCTION directory.agents_as_of IS 'The agents as they were after the applied day.';

CREATE FUNCTION directory.memberships_as_of(day TEXT)
RETURNS TABLE (group_id BIGINT, agent_id BIGINT) LANGUAGE sql STABLE AS $$
    WITH known AS MATERIALIZED (SELECT directory.days_until(day) AS sync_day)
    SELECT h.group_id, h.agent_id
    FROM directory.membership_history AS h
    WHERE h.from_day IN (SELECT sync_day FROM known)
      AND (h.to_day IS NULL OR h.to_day NOT IN (SELECT sync_day FROM known))
$$;
COMMENT ON FUNCTION directory.memberships_as_of IS 'Which agents were members of which groups after the applied day.';
