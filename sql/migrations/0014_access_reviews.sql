-- Who holds what that nobody active owns, and what admins decided about it.

-- When a project was last used, and who has one address, without reading every kernel and user.
CREATE INDEX kernels_last_use_idx ON manager.kernels (group_id, (coalesce(terminated_at, status_changed)))
    WHERE status = 'TERMINATED';
CREATE INDEX users_address_idx ON manager.users (manager.fold_address(email));

-- The review at an instant: a row per project, or person in a project, that somebody should look at.
-- of_domain, of_project: only theirs; NULL for all. With no applied day nobody knows who is in the directory, and only
-- what the service itself knows is found.
CREATE FUNCTION manager.access_rows(of_domain TEXT, of_project UUID, at TIMESTAMPTZ) RETURNS TABLE (
    kind TEXT,
    domain_name TEXT,
    project_id UUID,
    project_name TEXT,
    user_id UUID,
    email TEXT,
    agent_id BIGINT,
    agent_name TEXT,
    directory_group_id BIGINT,
    directory_group_name TEXT,
    detail TEXT,
    kernels BIGINT,
    cpu NUMERIC,
    mem NUMERIC,
    gpu NUMERIC,
    folders BIGINT,
    since_day TEXT,
    since TIMESTAMPTZ
) LANGUAGE sql STABLE AS $$
WITH day AS MATERIALIZED (
    SELECT d.sync_day, row_number() OVER (ORDER BY d.sort_key, d.sync_day) AS place FROM directory.sync_days AS d
),
project AS MATERIALIZED (
    SELECT
        g.id, g.name, g.domain_name, g.is_active, g.type, g.created_at,
        manager.directory_group_of(g.integration_id) AS directory_group_id
    FROM manager.groups AS g
    WHERE (of_domain IS NULL OR g.domain_name = of_domain) AND (of_project IS NULL OR g.id = of_project)
),
-- What runs now, also in deleted projects.
holding AS MATERIALIZED (
    SELECT
        k.group_id,
        k.user_uuid AS user_id,
        count(*) AS kernels,
        sum(coalesce(manager.figure(k.occupied_slots, 'cpu'), 0)) AS cpu,
        sum(coalesce(trunc(manager.figure(k.occupied_slots, 'mem')), 0)) AS mem,
        sum(coalesce(manager.accelerators_of(k.occupied_slots), 0)) AS gpu,
        min(k.created_at) AS since
    FROM manager.kernels AS k
    JOIN project AS p ON p.id = k.group_id
    WHERE manager.is_live_status(k.status) AND manager.is_active_status(k.status)
    GROUP BY k.group_id, k.user_uuid
),
project_holding AS MATERIALIZED (
    SELECT h.group_id, sum(h.kernels)::BIGINT AS kernels, sum(h.cpu) AS cpu, sum(h.mem) AS mem, sum(h.gpu) AS gpu
    FROM holding AS h
    GROUP BY h.group_id
),
project_folders AS MATERIALIZED (
    SELECT v."group" AS group_id, count(*) AS folders
    FROM manager.vfolders AS v
    JOIN project AS p ON p.id = v."group"
    GROUP BY v."group"
),
person_folders AS MATERIALIZED (
    SELECT v."user" AS user_id, count(*) AS folders
    FROM manager.vfolders AS v
    WHERE v."user" IS NOT NULL
    GROUP BY v."user"
),
membership AS MATERIALIZED (
    SELECT m.group_id, m.user_id
    FROM manager.association_groups_users AS m
    JOIN project AS p ON p.id = m.group_id
    WHERE p.is_active
),
account AS MATERIALIZED (
    SELECT u.uuid AS user_id, u.email, u.status, u.domain_name, manager.fold_address(u.email) AS address
    FROM manager.users AS u
    WHERE u.uuid IN (SELECT m.user_id FROM membership AS m UNION SELECT h.user_id FROM holding AS h)
),
agents_with AS MATERIALIZED (
    SELECT a.address, count(*) AS agents, min(a.agent_id) AS agent_id
    FROM (SELECT d.agent_id, manager.fold_address(d.email) AS address FROM directory.agents AS d) AS a
    WHERE a.address IS NOT NULL
    GROUP BY a.address
),
-- Of one project the index finds them; of all, one pass is faster.
users_with AS MATERIALIZED (
    SELECT manager.fold_address(u.email) AS address, count(*) AS users
    FROM manager.users AS u
    WHERE of_project IS NULL
    GROUP BY 1
    UNION ALL
    SELECT manager.fold_address(u.email), count(*)
    FROM manager.users AS u
    WHERE of_project IS NOT NULL AND manager.fold_address(u.email) IN (SELECT a.address FROM account AS a)
    GROUP BY 1
),
-- Who is who, as manager.agent_users has it.
person AS MATERIALIZED (
    SELECT
        a.user_id, a.email, a.status, a.domain_name, a.address, agent.agent_id, agent.name AS agent_name,
        CASE
            WHEN NOT EXISTS (SELECT FROM day) THEN 'unknown'
            WHEN a.address IS NULL THEN 'ambiguous'
            WHEN same.agents IS NULL THEN 'absent'
            WHEN agent.agent_id IS NULL THEN 'ambiguous'
            WHEN agent.active THEN 'active'
            ELSE 'inactive'
        END AS state,
        CASE
            WHEN a.address IS NULL THEN 'no e-mail address'
            WHEN same.agents > 1 AND users.users > 1
            THEN format('%s agents and %s users have this address', same.agents, users.users)
            WHEN same.agents > 1 THEN format('%s agents have this address', same.agents)
            ELSE format('%s users have the address of this agent: %s', users.users, same.agent_id)
        END AS why_ambiguous
    FROM account AS a
    LEFT JOIN agents_with AS same ON same.address = a.address
    LEFT JOIN users_with AS users ON users.address = a.address
    LEFT JOIN directory.agents AS agent
        ON agent.agent_id = same.agent_id AND same.agents = 1 AND users.users = 1
),
agent_inactive AS MATERIALIZED (
    SELECT h.agent_id, min(h.place) AS place
    FROM (
        SELECT
            i.agent_id, i.active, d.place,
            max(d.place) FILTER (WHERE i.active) OVER (PARTITION BY i.agent_id) AS last_active
        FROM directory.agent_history AS i
        JOIN day AS d ON d.sync_day = i.from_day
        WHERE i.agent_id IN (SELECT p.agent_id FROM person AS p WHERE p.state = 'inactive')
    ) AS h
    WHERE NOT h.active AND h.place > coalesce(h.last_active, 0)
    GROUP BY h.agent_id
),
-- The day since which no agent has the address that one had before.
address_gone AS MATERIALIZED (
    SELECT h.address, max(d.place) AS place
    FROM (
        SELECT manager.fold_address(i.email) AS address, i.to_day
        FROM directory.agent_history AS i
        WHERE i.to_day IS NOT NULL AND EXISTS (SELECT FROM person AS p WHERE p.state = 'absent')
    ) AS h
    JOIN day AS d ON d.sync_day = h.to_day
    WHERE h.address IN (SELECT p.address FROM person AS p WHERE p.state = 'absent')
    GROUP BY h.address
),
known_person AS MATERIALIZED (
    SELECT p.*, coalesce(i.place, gone.place) AS place, d.sync_day AS since_day
    FROM person AS p
    LEFT JOIN agent_inactive AS i ON i.agent_id = p.agent_id AND p.state = 'inactive'
    LEFT JOIN address_gone AS gone ON gone.address = p.address AND p.state = 'absent'
    LEFT JOIN day AS d ON d.place = coalesce(i.place, gone.place)
),
owner AS MATERIALIZED (
    SELECT
        p.id, g.group_id, g.name, ended.ended_day,
        CASE
            WHEN g.group_id IS NULL THEN 'the directory has no such group'
            WHEN ended.group_id IS NOT NULL THEN 'the group ended'
            WHEN g.inactive THEN 'the group is inactive'
        END AS state
    FROM project AS p
    LEFT JOIN directory.groups AS g ON g.group_id = p.directory_group_id
    LEFT JOIN directory.missing_groups AS ended
        ON ended.group_id = p.directory_group_id AND ended.ended_day IS NOT NULL AND ended.to_day IS NULL
    WHERE p.is_active AND p.directory_group_id IS NOT NULL AND EXISTS (SELECT FROM day)
),
group_inactive AS MATERIALIZED (
    SELECT h.group_id, min(h.place) AS place
    FROM (
        SELECT
            i.group_id, i.inactive, d.place,
            max(d.place) FILTER (WHERE NOT i.inactive) OVER (PARTITION BY i.group_id) AS last_active
        FROM directory.group_history AS i
        JOIN day AS d ON d.sync_day = i.from_day
        WHERE i.group_id IN (SELECT o.group_id FROM owner AS o WHERE o.state IS NOT NULL)
    ) AS h
    WHERE h.inactive AND h.place > coalesce(h.last_active, 0)
    GROUP BY h.group_id
),
team AS MATERIALIZED (
    SELECT
        p.id,
        count(m.user_id) AS members,
        count(*) FILTER (WHERE k.state = 'inactive') AS inactive,
        count(*) FILTER (WHERE k.state = 'absent') AS absent,
        max(k.place) AS place,
        -- whom nobody can tell may well be active
        coalesce(bool_or(
            k.status = 'active' AND k.domain_name = p.domain_name AND k.state IN ('active', 'ambiguous', 'unknown')
        ), FALSE) AS has_active
    FROM project AS p
    LEFT JOIN membership AS m ON m.group_id = p.id
    LEFT JOIN known_person AS k ON k.user_id = m.user_id
    WHERE p.is_active
    GROUP BY p.id
),
-- The instant at which each live project without a live kernel was last used, or made.
unused AS MATERIALIZED (
    SELECT p.id, greatest(used.ended, p.created_at) AS since, used.ended IS NOT NULL AS was_used
    FROM project AS p
    LEFT JOIN LATERAL (
        SELECT coalesce(k.terminated_at, k.status_changed) AS ended
        FROM manager.kernels AS k
        WHERE k.group_id = p.id AND k.status = 'TERMINATED'
        ORDER BY coalesce(k.terminated_at, k.status_changed) DESC
        LIMIT 1
    ) AS used ON TRUE
    WHERE p.is_active
      AND p.type = 'general'  -- a store of models runs nothing
      AND NOT EXISTS (
          SELECT FROM manager.kernels AS k WHERE k.group_id = p.id AND manager.is_live_status(k.status)
      )
),
about AS (
    SELECT
        'inactive_group_owns_project' AS kind, o.id AS project_id, NULL::UUID AS user_id, o.state AS detail,
        coalesce(o.ended_day, d.sync_day) AS since_day, NULL::TIMESTAMPTZ AS since
    FROM owner AS o
    LEFT JOIN group_inactive AS i ON i.group_id = o.group_id
    LEFT JOIN day AS d ON d.place = i.place
    WHERE o.state IS NOT NULL
    UNION ALL
    SELECT
        'no_active_member', t.id, NULL,
        CASE WHEN t.members = 0 THEN 'no members' ELSE format(
            '%s: %s', CASE t.members WHEN 1 THEN '1 member' ELSE format('%s members', t.members) END,
            concat_ws(
                ', ', CASE WHEN t.inactive > 0 THEN format('%s inactive', t.inactive) END,
                CASE WHEN t.absent > 0 THEN format('%s in no directory', t.absent) END,
                CASE WHEN t.members > t.inactive + t.absent
                     THEN format('%s without an active account', t.members - t.inactive - t.absent) END
            )
        ) END,
        CASE WHEN t.members = t.inactive + t.absent THEN d.sync_day END, NULL
    FROM team AS t
    LEFT JOIN day AS d ON d.place = t.place
    WHERE NOT t.has_active
    UNION ALL
    SELECT
        CASE k.state WHEN 'inactive' THEN 'inactive_agent' WHEN 'absent' THEN 'not_in_directory' ELSE 'ambiguous_person' END,
        m.group_id, m.user_id, CASE k.state WHEN 'ambiguous' THEN k.why_ambiguous ELSE '' END, k.since_day, NULL
    FROM membership AS m
    JOIN known_person AS k ON k.user_id = m.user_id
    WHERE k.state IN ('inactive', 'absent', 'ambiguous')
    UNION ALL
    SELECT
        'running_kernels', h.group_id, h.user_id,
        CASE k.state WHEN 'inactive' THEN 'of an inactive agent' ELSE 'of a person in no directory' END
            || CASE WHEN EXISTS (
                SELECT FROM manager.association_groups_users AS m
                WHERE m.group_id = h.group_id AND m.user_id = h.user_id
            ) THEN '' ELSE ' who is no member' END,
        k.since_day, h.since
    FROM holding AS h
    JOIN known_person AS k ON k.user_id = h.user_id
    WHERE k.state IN ('inactive', 'absent')
    UNION ALL
    SELECT
        'unused_project', u.id, NULL, CASE WHEN u.was_used THEN 'last used then' ELSE 'never used' END, NULL, u.since
    FROM unused AS u
    WHERE u.since <= at - INTERVAL '90 days'
)
SELECT
    a.kind, p.domain_name, p.id, p.name::TEXT, a.user_id, k.email::TEXT, k.agent_id, k.agent_name,
    p.directory_group_id, g.name, a.detail,
    coalesce(whole.kernels, part.kernels, 0), coalesce(whole.cpu, part.cpu, 0), coalesce(whole.mem, part.mem, 0),
    coalesce(whole.gpu, part.gpu, 0), coalesce(shared.folders, own.folders, 0),
    a.since_day, a.since
FROM about AS a
JOIN project AS p ON p.id = a.project_id
LEFT JOIN known_person AS k ON k.user_id = a.user_id
LEFT JOIN directory.groups AS g ON g.group_id = p.directory_group_id
LEFT JOIN project_holding AS whole ON whole.group_id = a.project_id AND a.user_id IS NULL
LEFT JOIN holding AS part ON part.group_id = a.project_id AND part.user_id = a.user_id
LEFT JOIN project_folders AS shared ON shared.group_id = a.project_id AND a.user_id IS NULL
LEFT JOIN person_folders AS own ON own.user_id = a.user_id
$$;
COMMENT ON FUNCTION manager.access_rows IS
    'What an access review finds. Kernels and slots are what runs now: of the project, or of the person in it. folders: of the project, or the person''s own.';

-- In which order kinds are shown.
CREATE FUNCTION manager.access_kind_place(kind TEXT) RETURNS INTEGER LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_position(ARRAY[
    'inactive_group_owns_project', 'no_active_member', 'inactive_agent', 'not_in_directory', 'ambiguous_person',
    'running_kernels', 'unused_project'
], kind);

-- Reviews that were started: what was found then, row by row, what was decided, and the end. All of it append-only,
-- and nothing of it refers to projects and users, which it outlives.
CREATE TABLE manager.access_reviews (
    review_id     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    domain_name   TEXT NOT NULL,
    sync_day      TEXT,
    row_count     BIGINT NOT NULL,
    started_by_id UUID,
    started_by    TEXT NOT NULL,
    started_at    TIMESTAMPTZ NOT NULL
);
CREATE INDEX access_reviews_domain_idx ON manager.access_reviews (domain_name, review_id);
COMMENT ON TABLE manager.access_reviews IS
    'Reviews of who holds what in a domain. sync_day: the newest day that was applied then. Append-only.';

CREATE TABLE manager.access_review_rows (
    review_id            BIGINT NOT NULL REFERENCES manager.access_reviews,
    number               BIGINT NOT NULL,
    kind                 TEXT NOT NULL,
    project_id           UUID NOT NULL,
    project_name         TEXT NOT NULL,
    user_id              UUID,
    email                TEXT,
    agent_id             BIGINT,
    agent_name           TEXT,
    directory_group_id   BIGINT,
    directory_group_name TEXT,
    detail               TEXT NOT NULL,
    kernels              BIGINT NOT NULL,
    cpu                  NUMERIC NOT NULL,
    mem                  NUMERIC NOT NULL,
    gpu                  NUMERIC NOT NULL,
    folders              BIGINT NOT NULL,
    since_day            TEXT,
    since                TIMESTAMPTZ,
    PRIMARY KEY (review_id, number)
);
COMMENT ON TABLE manager.access_review_rows IS 'What a review found when it was started. Append-only.';

CREATE TABLE manager.access_review_decisions (
    review_id        BIGINT NOT NULL,
    number           BIGINT NOT NULL,
    decision         TEXT NOT NULL CHECK (decision IN ('keep', 'revoke', 'gone')),
    reason           TEXT NOT NULL CHECK (reason <> ''),
    effect           TEXT NOT NULL,
    decided_by_id    UUID,
    decided_by       TEXT NOT NULL,
    decided_at       TIMESTAMPTZ NOT NULL,
    action_id        UUID,
    effect_action_id UUID,
    PRIMARY KEY (review_id, number),
    FOREIGN KEY (review_id, number) REFERENCES manager.access_review_rows
);
COMMENT ON TABLE manager.access_review_decisions IS
    'What became of a row. gone: it was not so any more. action_id, effect_action_id: in the audit log. Append-only.';

CREATE TABLE manager.access_review_ends (
    review_id      BIGINT PRIMARY KEY REFERENCES manager.access_reviews,
    digest         TEXT NOT NULL,
    finished_by_id UUID,
    finished_by    TEXT NOT NULL,
    finished_at    TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE manager.access_review_ends IS
    'Reviews in which every row was decided. digest: sha256 of the exported record. Append-only.';

CREATE TRIGGER is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON manager.access_reviews
    FOR EACH STATEMENT EXECUTE FUNCTION manager.refuse_change();
CREATE TRIGGER is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON manager.access_review_rows
    FOR EACH STATEMENT EXECUTE FUNCTION manager.refuse_change();
CREATE TRIGGER is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON manager.access_review_decisions
    FOR EACH STATEMENT EXECUTE FUNCTION manager.refuse_change();
CREATE TRIGGER is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON manager.access_review_ends
    FOR EACH STATEMENT EXECUTE FUNCTION manager.refuse_change();

-- Nothing is added to a review that is finished, and no row to one that was started before.
CREATE FUNCTION manager.refuse_late_row() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added AS a JOIN manager.access_review_ends AS e ON e.review_id = a.review_id
    ) OR (TG_TABLE_NAME = 'access_review_rows' AND EXISTS (
        SELECT FROM added AS a
        JOIN manager.access_reviews AS r ON r.review_id = a.review_id
        WHERE a.number NOT BETWEEN 1 AND r.row_count
    )) THEN
        RAISE insufficient_privilege USING MESSAGE = format('%s: the review takes no further rows', TG_TABLE_NAME);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER refuses_late_rows AFTER INSERT ON manager.access_review_rows
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION manager.refuse_late_row();
CREATE TRIGGER refuses_late_rows AFTER INSERT ON manager.access_review_decisions
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION manager.refuse_late_row();
