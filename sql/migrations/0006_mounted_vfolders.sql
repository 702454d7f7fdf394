-- The folders that a kernel mounts, by id. Writers differ in what they call it, older ones write lists (name, host, id),
-- and some put the quota scope before it: `scope/id`. What names no folder is no mount of one.
CREATE OR REPLACE FUNCTION manager.mounted_vfolders(vfolder_mounts JSONB) RETURNS UUID[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY(
    SELECT DISTINCT substring(named.vfolder FROM '[^/]+$')::UUID
    FROM jsonb_path_query(vfolder_mounts, '$[*]') AS mount
    CROSS JOIN LATERAL (
        SELECT coalesce(mount ->> 'vfolder_id', mount ->> 'vfid', mount ->> 'id', mount ->> 2, mount #>> '{}')
    ) AS named (vfolder)
    WHERE named.vfolder ~* '(^|/)[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$'
);

-- vfolder_mounts is JSON, which no foreign key watches: a kernel that mounts a folder holds the folder's row, so that
-- a purge in this moment waits for the kernel, or the kernel finds the folder gone.
CREATE OR REPLACE FUNCTION manager.hold_mounted_vfolders() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    mounted UUID[] := manager.mounted_vfolders(NEW.vfolder_mounts);
    found INTEGER;
BEGIN
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

-- Whose admin may clean up what a purge left.
ALTER TABLE manager.vfolder_deletions ADD COLUMN IF NOT EXISTS domain_name TEXT;
