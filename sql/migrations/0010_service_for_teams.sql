-- What other teams need of the group service: an audit log that can be followed, archived and searched, users found in
-- any case of their address, groups listed in any order, and purges that need two.

-- The audit log anew, in a partition per month (UTC). number: the order in which attempts were committed.
ALTER TABLE manager.audit_log RENAME TO audit_log_until_0010;
CREATE SEQUENCE manager.audit_numbers AS BIGINT;
CREATE TABLE manager.audit_log (
    number             BIGINT NOT NULL,
    action_id          UUID NOT NULL,
    action             TEXT NOT NULL,
    is_read            BOOLEAN NOT NULL,
    entity_type        TEXT NOT NULL,
    entity_id          TEXT,
    entity_name        TEXT,
    domain_name        TEXT,
    former_domain_name TEXT,
    actor_id           UUID,
    actor              TEXT NOT NULL,
    status             TEXT NOT NULL CHECK (status IN ('success', 'failure', 'denied')),
    error_code         TEXT,
    description        TEXT,
    before             JSONB,
    after              JSONB,
    run_id             TEXT,
    started_at         TIMESTAMPTZ NOT NULL,
    duration           INTERVAL NOT NULL
) PARTITION BY RANGE (started_at);
COMMENT ON TABLE manager.audit_log IS
    'One row per attempted action, also refused ones, numbered in the order of their commits. Append-only; months may be '
    'archived and dropped. before and after: what changed. former_domain_name: where a moved entity was.';

-- Every name that an entity has had, so that the log is found by it also after a rename or a purge.
CREATE TABLE manager.entity_names (
    entity_name TEXT NOT NULL,
    domain_name TEXT NOT NULL,
    entity_id   TEXT NOT NULL,
    PRIMARY KEY (entity_name, domain_name, entity_id)
);

-- No two transactions are between here and their commit at once, so a higher number is never committed first. A client
-- that stops in between holds up all others: after ten seconds its transaction is undone.
CREATE FUNCTION manager.queue_for_commit() RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('manager.audit_log', 0));
    PERFORM set_config('idle_in_transaction_session_timeout', '10s', TRUE);
END
$$;

CREATE FUNCTION manager.number_attempt() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    PERFORM manager.queue_for_commit();
    NEW.number := nextval('manager.audit_numbers');
    RETURN NEW;
END
$$;

CREATE FUNCTION manager.audit_month(at TIMESTAMPTZ) RETURNS TEXT LANGUAGE sql IMMUTABLE
RETURN 'audit_log_' || to_char(at AT TIME ZONE 'UTC', 'YYYY_MM');

-- Attached rather than made as a partition: that would lock out who reads and writes the others.
CREATE FUNCTION manager.make_audit_month(at TIMESTAMPTZ) RETURNS VOID LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE
    month TEXT := manager.audit_month(at);
    first TIMESTAMPTZ := date_trunc('month', at);
BEGIN
    EXECUTE format('CREATE TABLE manager.%I (LIKE manager.audit_log INCLUDING ALL)', month);
    EXECUTE format(
        'CREATE TRIGGER is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON manager.%I '
        'FOR EACH STATEMENT EXECUTE FUNCTION manager.refuse_change()', month
    );
    EXECUTE format(
        'ALTER TABLE manager.audit_log ATTACH PARTITION manager.%I FOR VALUES FROM (%L) TO (%L)',
        month, first, first + INTERVAL '1 month'
    );
END
$$;

-- Insert the row of an attempt, the last thing that a transaction does; false if the attempt has one already. Another
-- transaction that is about to commit is waited for, so the answer also tells whether one was committed whose connection
-- broke at that moment.
CREATE FUNCTION manager.record_attempt(attempt JSONB) RETURNS BOOLEAN LANGUAGE plpgsql AS $$
DECLARE
    entry manager.audit_log := jsonb_populate_record(NULL::manager.audit_log, attempt);
BEGIN
    -- before the queue, as who has read the log has it before: in the other order an archive could wait for both
    LOCK TABLE manager.audit_log IN ROW EXCLUSIVE MODE;
    PERFORM manager.queue_for_commit();
    IF to_regclass('manager.' || manager.audit_month(entry.started_at)) IS NULL THEN
        PERFORM manager.make_audit_month(entry.started_at);
    END IF;
    IF entry.status = 'success' AND NOT entry.is_read AND entry.entity_id <> '' AND entry.entity_name <> '' THEN
        INSERT INTO manager.entity_names VALUES (entry.entity_name, coalesce(entry.domain_name, ''), entry.entity_id)
        ON CONFLICT DO NOTHING;
    END IF;
    INSERT INTO manager.audit_log SELECT entry.* ON CONFLICT (action_id, started_at) DO NOTHING;
    RETURN FOUND;
END
$$;

CREATE TRIGGER audit_log_is_numbered BEFORE INSERT ON manager.audit_log
    FOR EACH ROW EXECUTE FUNCTION manager.number_attempt();

SELECT manager.make_audit_month(month)
FROM (SELECT DISTINCT date_trunc('month', started_at, 'UTC') FROM manager.audit_log_until_0010) AS old (month);
INSERT INTO manager.audit_log
SELECT
    0, action_id, action,
    action IN (
        'get_group', 'search_groups', 'usage_per_month', 'usage_per_period', 'find_users', 'search_audit',
        'summarise_audit', 'check_monthly_usage'
    ),
    entity_type, entity_id,
    coalesce(after ->> 'name', before ->> 'name'),
    coalesce(after ->> 'domain_name', before ->> 'domain_name'),
    CASE WHEN before ->> 'domain_name' <> after ->> 'domain_name' THEN before ->> 'domain_name' END,
    actor_id, actor, status, error_code, description, before, after, run_id, started_at, duration
FROM manager.audit_log_until_0010
ORDER BY started_at, id;
DROP TABLE manager.audit_log_until_0010;
INSERT INTO manager.entity_names
SELECT DISTINCT entity_name, domain_name, entity_id
FROM manager.audit_log
WHERE status = 'success' AND entity_id IS NOT NULL AND entity_name IS NOT NULL AND domain_name IS NOT NULL;
INSERT INTO manager.entity_names
SELECT name, domain_name, id::TEXT FROM manager.groups
ON CONFLICT DO NOTHING;

ALTER TABLE manager.audit_log ADD PRIMARY KEY (number, started_at);
CREATE UNIQUE INDEX audit_log_action_id_key ON manager.audit_log (action_id, started_at);
-- Each with the number: a page of any search is read in its order. Listings leave out reads, which are most of the log.
CREATE INDEX audit_log_changes_idx ON manager.audit_log (number, started_at) WHERE NOT is_read;
CREATE INDEX audit_log_entity_idx ON manager.audit_log (entity_id, number);
CREATE INDEX audit_log_entity_changes_idx ON manager.audit_log (entity_id, number) WHERE NOT is_read;
CREATE INDEX audit_log_domain_idx ON manager.audit_log (domain_name, number);
CREATE INDEX audit_log_domain_changes_idx ON manager.audit_log (domain_name, number) WHERE NOT is_read;
CREATE INDEX audit_log_former_domain_idx ON manager.audit_log (former_domain_name, number)
    WHERE former_domain_name IS NOT NULL;
CREATE INDEX audit_log_actor_idx ON manager.audit_log (actor, number);
CREATE INDEX audit_log_actor_changes_idx ON manager.audit_log (actor, number) WHERE NOT is_read;
CREATE INDEX audit_log_action_idx ON manager.audit_log (action, number);
CREATE INDEX audit_log_refusals_idx ON manager.audit_log (status, number, is_read) WHERE status <> 'success';
CREATE INDEX audit_log_run_idx ON manager.audit_log (run_id, number) WHERE run_id IS NOT NULL;
CREATE INDEX audit_log_started_at_idx ON manager.audit_log (started_at);
CREATE TRIGGER audit_log_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON manager.audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION manager.refuse_change();

-- Addresses are unique without regard to case. Those that were there before this rule stay: who came later is marked.
ALTER TABLE manager.users ADD COLUMN is_email_shared BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE manager.users AS u SET is_email_shared = TRUE
WHERE EXISTS (
    SELECT FROM manager.users AS other
    WHERE lower(other.email) = lower(u.email) AND (other.created_at, other.uuid) < (u.created_at, u.uuid)
);
CREATE UNIQUE INDEX users_email_in_any_case_key ON manager.users (lower(email)) WHERE NOT is_email_shared;
CREATE INDEX users_lower_email_idx ON manager.users (lower(email));
COMMENT ON COLUMN manager.users.is_email_shared IS 'An older user has this address too, in another case.';
CREATE INDEX users_page_idx ON manager.users (email, uuid);

ALTER TABLE manager.project_resource_policies ADD COLUMN modified_at TIMESTAMPTZ NOT NULL DEFAULT now();
CREATE INDEX groups_resource_policy_idx ON manager.groups (resource_policy);

-- Pages of groups in the other orders.
CREATE INDEX groups_name_idx ON manager.groups (name, id);
CREATE INDEX groups_created_at_idx ON manager.groups (created_at, id);
CREATE INDEX groups_modified_at_idx ON manager.groups (modified_at, id);

-- Purges that wait for a second admin. Rows outlive the groups.
CREATE TABLE manager.purge_requests (
    id              UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    group_id        UUID NOT NULL,
    group_name      TEXT NOT NULL,
    domain_name     TEXT NOT NULL,
    plan            JSONB NOT NULL,
    plan_digest     TEXT NOT NULL,
    requested_by_id UUID,
    requested_by    TEXT NOT NULL,
    requested_at    TIMESTAMPTZ NOT NULL,
    expires_at      TIMESTAMPTZ NOT NULL,
    state           TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'approved', 'replaced')),
    approved_by_id  UUID,
    approved_by     TEXT,
    approved_at     TIMESTAMPTZ
);
CREATE UNIQUE INDEX purge_requests_waiting_key ON manager.purge_requests (group_id) WHERE state = 'waiting';
CREATE INDEX purge_requests_page_idx ON manager.purge_requests (requested_at, id);
COMMENT ON TABLE manager.purge_requests IS
    'Purges that one admin asked for and another has to approve. plan_digest: of everything that the purge would remove.';

-- A deactivated domain takes no groups, neither new ones nor moved ones. Whoever deactivates it waits for those that come.
CREATE FUNCTION manager.refuse_inactive_domain() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    is_active BOOLEAN;
BEGIN
    SELECT d.is_active INTO is_active FROM manager.domains AS d WHERE d.name = NEW.domain_name FOR SHARE;
    IF NOT is_active AND (TG_OP = 'INSERT' OR NEW.domain_name <> OLD.domain_name) THEN
        RAISE check_violation USING
            CONSTRAINT = 'groups_domain_is_active', MESSAGE = 'the domain is deactivated and takes no groups';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER groups_refuse_inactive_domain BEFORE INSERT OR UPDATE OF domain_name ON manager.groups
    FOR EACH ROW EXECUTE FUNCTION manager.refuse_inactive_domain();
