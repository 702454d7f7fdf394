-- The findings of the folded days that have others than before, each day as a whole.
CREATE TEMP TABLE fold_finding_day ON COMMIT DROP AS
SELECT sync_day
FROM (
    SELECT sync_day, count(*) AS findings, sum(hashtextextended(f::TEXT, 0)) AS digest
    FROM directory.findings AS f
    WHERE sync_day = ANY({folded})
    GROUP BY sync_day
) AS live
FULL JOIN (
    SELECT sync_day, count(*) AS findings, sum(hashtextextended(f::TEXT, 0)) AS digest
    FROM {fold}.findings AS f
    GROUP BY sync_day
) AS fold USING (sync_day)
WHERE (live.findings, live.digest) IS DISTINCT FROM (fold.findings, fold.digest);
DELETE FROM directory.findings WHERE sync_day IN (SELECT sync_day FROM fold_finding_day);
INSERT INTO directory.findings SELECT * FROM {fold}.findings WHERE sync_day IN (SELECT sync_day FROM fold_finding_day);
