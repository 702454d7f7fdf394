-- Where the directory and the group service meet. A project belongs to a directory group iff its integration_id is
-- `directory:<group_id>`.

CREATE TABLE manager.provisioning_rules (
    id                   UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    directory_group_id   BIGINT NOT NULL CONSTRAINT provisioning_rules_directory_group_id_key UNIQUE,
    with_groups_below    BOOLEAN NOT NULL DEFAULT FALSE,
    domain_name          TEXT NOT NULL
        CONSTRAINT provisioning_rules_domain_name_fkey REFERENCES manager.domains (name),
    resource_policy      TEXT NOT NULL,  -- may be deleted meanwhile: then the rule's projects are blocked
    total_resource_slots JSONB NOT NULL DEFAULT '{}',
    name_template        TEXT NOT NULL DEFAULT '{name}',
    members_of           TEXT NOT NULL DEFAULT 'direct' CHECK (members_of IN ('direct', 'below')),
    is_exact             BOOLEAN NOT NULL DEFAULT FALSE,
    created_at           TIMESTAMPTZ NOT NULL DEFAULT now(),
    modified_at          TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE manager.provisioning_rules IS
    'Which directory groups have a project each: the group itself, with_groups_below: every group below it too. members_of: the agents of the group, or also those of the groups below it. is_exact: members added by hand are removed.';

-- What a rule made or took over: such a project is deleted (softly) when its group leaves the rules, and such a
-- membership ends when the agent does. What people did by hand is not in these tables.
CREATE TABLE manager.provisioned_projects (
    project_id UUID PRIMARY KEY REFERENCES manager.groups (id) ON DELETE CASCADE,
    rule_id    UUID NOT NULL  -- no reference: the rule may be gone, and its projects then are to be deleted
);
CREATE TABLE manager.provisioned_members (
    group_id UUID NOT NULL,
    user_id  UUID NOT NULL,
    PRIMARY KEY (group_id, user_id),
    FOREIGN KEY (group_id, user_id) REFERENCES manager.association_groups_users (group_id, user_id) ON DELETE CASCADE
);

-- The directory group of an integration id; null where it names none.
CREATE FUNCTION manager.directory_group_of(integration_id TEXT) RETURNS BIGINT LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN integration_id ~ '^directory:(0|-?[1-9][0-9]{0,17})$' THEN substr(integration_id, 11)::BIGINT
    WHEN integration_id ~ '^directory:-?[1-9][0-9]{18}$'
     AND substr(integration_id, 11)::NUMERIC BETWEEN -9223372036854775808 AND 9223372036854775807
    THEN substr(integration_id, 11)::BIGINT
END;

CREATE INDEX groups_directory_group_idx ON manager.groups (manager.directory_group_of(integration_id))
    WHERE integration_id LIKE 'directory:%';

-- An e-mail address as it is compared between the halves: trimmed, case folded, NFC; null where there is none.
CREATE FUNCTION manager.fold_address(address TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN nullif(CASE
    WHEN address ~ '^[ -~]*$' THEN lower(btrim(address) COLLATE "C")
    ELSE normalize(lower(normalize(btrim(address, E' \t\n\r\f\u00a0'), NFC)), NFC)
END, '');

-- Who is who: an agent and the user with the same address, where neither is two. Agents and users that are not here
-- have no counterpart, or nobody can say which.
CREATE VIEW manager.agent_users AS
WITH agent AS (
    SELECT a.agent_id, a.active, manager.fold_address(a.email) AS address FROM directory.agents AS a
),
person AS (
    SELECT u.uuid AS user_id, manager.fold_address(u.email) AS address FROM manager.users AS u
),
one_agent AS (
    SELECT address, min(agent_id) AS agent_id FROM agent WHERE address IS NOT NULL GROUP BY address HAVING count(*) = 1
),
one_user AS (
    SELECT address, (array_agg(user_id))[1] AS user_id FROM person WHERE address IS NOT NULL
    GROUP BY address HAVING count(*) = 1
)
SELECT one_agent.agent_id, one_user.user_id, one_agent.address
FROM one_agent
JOIN one_user USING (address);
