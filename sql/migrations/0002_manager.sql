-- The group service: projects, who is in them, what runs for them and what was done to them.

CREATE SCHEMA manager;

CREATE TABLE manager.domains (
    name                  VARCHAR(64) PRIMARY KEY,
    description           TEXT,
    is_active             BOOLEAN NOT NULL DEFAULT TRUE,
    total_resource_slots  JSONB NOT NULL DEFAULT '{}',
    allowed_vfolder_hosts JSONB NOT NULL DEFAULT '{}',
    created_at            TIMESTAMPTZ NOT NULL DEFAULT now(),
    modified_at           TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE manager.project_resource_policies (
    name                 VARCHAR(256) PRIMARY KEY,
    max_vfolder_count    INTEGER NOT NULL DEFAULT 0,
    max_quota_scope_size BIGINT NOT NULL DEFAULT 0,
    max_network_count    INTEGER NOT NULL DEFAULT 0,
    created_at           TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE manager.project_resource_policies IS 'Limits of a project; 0 means none, sizes are bytes.';

CREATE TABLE manager.users (
    uuid        UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    email       VARCHAR(320) NOT NULL CONSTRAINT users_email_key UNIQUE,
    full_name   VARCHAR(256),
    role        TEXT NOT NULL DEFAULT 'user' CHECK (role IN ('superadmin', 'admin', 'user', 'monitor')),
    status      TEXT NOT NULL DEFAULT 'active',
    domain_name VARCHAR(64) NOT NULL CONSTRAINT users_domain_name_fkey REFERENCES manager.domains (name),
    created_at  TIMESTAMPTZ NOT NULL DEFAULT now(),
    modified_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX users_domain_name_idx ON manager.users (domain_name);

CREATE TABLE manager.groups (
    id                    UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    name                  VARCHAR(64) NOT NULL,
    -- TEXT: a name that is too long is an unknown domain, not a fault of its own
    domain_name           TEXT NOT NULL CONSTRAINT groups_domain_name_fkey REFERENCES manager.domains (name),
    description           TEXT,
    is_active             BOOLEAN NOT NULL DEFAULT TRUE,
    type                  TEXT NOT NULL DEFAULT 'general' CHECK (type IN ('general', 'model-store')),
    total_resource_slots  JSONB NOT NULL DEFAULT '{}',
    allowed_vfolder_hosts JSONB NOT NULL DEFAULT '{}',
    dotfiles              JSONB NOT NULL DEFAULT '[]',
    resource_policy       TEXT NOT NULL
        CONSTRAINT groups_resource_policy_fkey REFERENCES manager.project_resource_policies (name),
    container_registry    JSONB,
    integration_id        VARCHAR(512),
    created_at            TIMESTAMPTZ NOT NULL DEFAULT now(),
    modified_at           TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT groups_name_domain_name_key UNIQUE (name, domain_name)
);
CREATE UNIQUE INDEX groups_integration_id_key ON manager.groups (domain_name, integration_id)
    WHERE is_active AND integration_id IS NOT NULL;
-- A page of a domain's groups, in the order of searches.
CREATE INDEX groups_page_idx ON manager.groups (domain_name, name, id);
COMMENT ON TABLE manager.groups IS
    'Projects. Deleting clears is_active; integration_id names a group of the directory, once among a domain''s active ones.';

CREATE TABLE manager.association_groups_users (
    group_id UUID NOT NULL REFERENCES manager.groups (id) ON DELETE CASCADE,
    user_id  UUID NOT NULL
        CONSTRAINT association_groups_users_user_id_fkey REFERENCES manager.users (uuid) ON DELETE CASCADE,
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX association_groups_users_user_id_idx ON manager.association_groups_users (user_id);

CREATE TABLE manager.sessions (
    id            UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    name          VARCHAR(64),
    access_key    VARCHAR(64),
    session_type  TEXT NOT NULL DEFAULT 'interactive',
    domain_name   VARCHAR(64) NOT NULL REFERENCES manager.domains (name),
    group_id      UUID NOT NULL REFERENCES manager.groups (id),
    user_uuid     UUID NOT NULL REFERENCES manager.users (uuid),
    status        TEXT NOT NULL DEFAULT 'PENDING',
    created_at    TIMESTAMPTZ NOT NULL DEFAULT now(),
    terminated_at TIMESTAMPTZ,
    CHECK (terminated_at >= created_at)
);
CREATE INDEX sessions_group_id_idx ON manager.sessions (group_id);

CREATE TABLE manager.kernels (
    id               UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    session_id       UUID NOT NULL REFERENCES manager.sessions (id),
    domain_name      VARCHAR(64) NOT NULL REFERENCES manager.domains (name),
    group_id         UUID NOT NULL REFERENCES manager.groups (id),
    user_uuid        UUID NOT NULL REFERENCES manager.users (uuid),
    access_key       VARCHAR(64),
    agent            VARCHAR(64),
    container_id     VARCHAR(64),
    image            TEXT,
    cluster_mode     TEXT NOT NULL DEFAULT 'single-node',
    status           TEXT NOT NULL DEFAULT 'PENDING',
    status_info      TEXT,
    status_changed   TIMESTAMPTZ NOT NULL DEFAULT now(),
    status_history   JSONB NOT NULL DEFAULT '{}',
    created_at       TIMESTAMPTZ NOT NULL DEFAULT now(),
    terminated_at    TIMESTAMPTZ,
    occupied_slots   JSONB NOT NULL DEFAULT '{}',
    attached_devices JSONB NOT NULL DEFAULT '{}',
    resource_opts    JSONB NOT NULL DEFAULT '{}',
    vfolder_mounts   JSONB NOT NULL DEFAULT '[]',
    last_stat        JSONB,
    CHECK (terminated_at >= created_at)
);
CREATE INDEX kernels_session_id_idx ON manager.kernels (session_id);
CREATE INDEX kernels_group_id_idx ON manager.kernels (group_id);
-- Serves «whose life overlaps the period» for any period, which no order of two columns does.
CREATE INDEX kernels_life_idx ON manager.kernels USING gist (tstzrange(created_at, terminated_at, '[]'))
    WHERE status IN ('TERMINATED', 'RUNNING');
-- Those that run or may come to run: what a purge looks at.
CREATE INDEX kernels_live_idx ON manager.kernels (group_id) WHERE status NOT IN ('TERMINATED', 'CANCELLED');

CREATE TABLE manager.endpoints (
    id              UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    name            VARCHAR(512) NOT NULL,
    domain          VARCHAR(64) NOT NULL REFERENCES manager.domains (name),
    project         UUID NOT NULL REFERENCES manager.groups (id),
    created_user    UUID NOT NULL REFERENCES manager.users (uuid),
    lifecycle_stage TEXT NOT NULL DEFAULT 'created' CHECK (lifecycle_stage IN ('created', 'destroying', 'destroyed')),
    created_at      TIMESTAMPTZ NOT NULL DEFAULT now(),
    destroyed_at    TIMESTAMPTZ
);
CREATE INDEX endpoints_project_idx ON manager.endpoints (project);

CREATE TABLE manager.routings (
    id         UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    endpoint   UUID NOT NULL REFERENCES manager.endpoints (id),
    session    UUID REFERENCES manager.sessions (id),
    status     TEXT NOT NULL DEFAULT 'healthy',
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX routings_endpoint_idx ON manager.routings (endpoint);
CREATE INDEX routings_session_idx ON manager.routings (session);

CREATE TABLE manager.vfolders (
    id         UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    host       VARCHAR(128) NOT NULL,
    name       VARCHAR(64) NOT NULL,
    "group"    UUID REFERENCES manager.groups (id),
    "user"     UUID REFERENCES manager.users (uuid),
    status     TEXT NOT NULL DEFAULT 'ready',
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CHECK (num_nonnulls("group", "user") = 1)
);
CREATE INDEX vfolders_group_idx ON manager.vfolders ("group");

CREATE TABLE manager.vfolder_deletions (
    vfolder_id   UUID PRIMARY KEY,
    host         VARCHAR(128) NOT NULL,
    group_id     UUID NOT NULL,
    requested_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    attempts     INTEGER NOT NULL DEFAULT 0,
    tried_at     TIMESTAMPTZ,
    last_error   TEXT
);
COMMENT ON TABLE manager.vfolder_deletions IS
    'Folders whose rows a purge removed and which storage still holds. A row goes when its folder is gone.';

-- vfolder_mounts is JSON, which no foreign key watches: a kernel that mounts a folder holds the folder's row, so that
-- a purge in this moment waits for the kernel, or the kernel finds the folder gone.
CREATE FUNCTION manager.hold_mounted_vfolders() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    mounted UUID[];
    found INTEGER;
BEGIN
    SELECT coalesce(array_agg(DISTINCT (mount ->> 'vfolder_id')::UUID), '{}') INTO mounted
    FROM jsonb_array_elements(NEW.vfolder_mounts) AS mount
    WHERE mount ->> 'vfolder_id' IS NOT NULL;
    -- the group first, as a purge does: in the other order the two could wait for each other
    PERFORM FROM manager.groups AS g WHERE g.id = NEW.group_id FOR KEY SHARE;
    PERFORM FROM manager.vfolders AS v WHERE v.id = ANY (mounted) ORDER BY v.id FOR KEY SHARE;
    GET DIAGNOSTICS found = ROW_COUNT;
    IF found < cardinality(mounted) THEN
        RAISE foreign_key_violation USING
            CONSTRAINT = 'kernels_vfolder_mounts_fkey', MESSAGE = 'a kernel mounts a vfolder that is gone';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER kernels_hold_mounted_vfolders
    BEFORE INSERT OR UPDATE OF vfolder_mounts ON manager.kernels
    FOR EACH ROW WHEN (NEW.vfolder_mounts <> '[]')
    EXECUTE FUNCTION manager.hold_mounted_vfolders();

CREATE TABLE manager.audit_log (
    id          UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    action_id   UUID NOT NULL,
    action      TEXT NOT NULL,
    entity_type TEXT NOT NULL,
    entity_id   TEXT,
    actor_id    UUID,
    actor       TEXT NOT NULL,
    status      TEXT NOT NULL CHECK (status IN ('success', 'failure', 'denied')),
    error_code  TEXT,
    description TEXT,
    before      JSONB,
    after       JSONB,
    run_id      TEXT,
    started_at  TIMESTAMPTZ NOT NULL,
    duration    INTERVAL NOT NULL
);
CREATE UNIQUE INDEX audit_log_action_id_key ON manager.audit_log (action_id);
CREATE INDEX audit_log_started_at_idx ON manager.audit_log (started_at);
CREATE INDEX audit_log_entity_idx ON manager.audit_log (entity_type, entity_id, started_at);
COMMENT ON TABLE manager.audit_log IS 'One row per attempted action, also refused ones. Append-only.';

CREATE FUNCTION manager.refuse_change() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    RAISE insufficient_privilege USING MESSAGE = format('%s is append-only: %s is refused', TG_TABLE_NAME, TG_OP);
END
$$;
CREATE TRIGGER audit_log_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON manager.audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION manager.refuse_change();
