INSERT INTO directory.sync_decisions (sync_day, decision, plan_id, fingerprint, decided_by, reason)
VALUES (%(sync_day)s, %(decision)s, %(plan_id)s, %(fingerprint)s, %(decided_by)s, %(reason)s)
RETURNING decision_id, sync_day, decision, plan_id, fingerprint, decided_by, reason, decided_at;
