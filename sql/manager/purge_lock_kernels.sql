-- Holds what may come to run for the group, or with a folder of the group, so that none of it starts during a purge.
SELECT k.id
FROM manager.kernels AS k
WHERE manager.is_live_status(k.status)
  AND (
      k.group_id = :group_id
      OR k.session_id IN (SELECT s.id FROM manager.sessions AS s WHERE s.group_id = :group_id)
      OR EXISTS (
          SELECT FROM unnest(manager.mounted_vfolders(k.vfolder_mounts)) AS mounted (vfolder_id)
          JOIN manager.vfolders AS v ON v.id = mounted.vfolder_id
          WHERE v."group" = :group_id
      )
  )
ORDER BY k.id
FOR UPDATE OF k;
