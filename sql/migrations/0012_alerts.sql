-- What people are told of what happened: a message for each event, and what became of it at each receiver.

CREATE TABLE platform.alert_beginning (
    is_only    BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (is_only),
    began_at   TIMESTAMPTZ NOT NULL DEFAULT now(),
    digest_key BYTEA NOT NULL DEFAULT decode(replace(gen_random_uuid()::TEXT || gen_random_uuid()::TEXT, '-', ''), 'hex')
);
COMMENT ON TABLE platform.alert_beginning IS
    'When alerts were switched on: what happened before is not told. digest_key: with which receivers are digested.';

CREATE TABLE platform.alert_receivers (
    receiver TEXT PRIMARY KEY,
    scheme   TEXT NOT NULL,
    since    TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE platform.alert_receivers IS
    'Who is, or was, told: a keyed digest of the address, never the address, which may hold a secret.';

CREATE TABLE platform.alerts (
    alert_id   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key        TEXT NOT NULL CONSTRAINT alerts_key_key UNIQUE,
    kind       TEXT NOT NULL
        CHECK (kind IN ('run_failed', 'held', 'incomplete', 'check_failed', 'late', 'new_errors', 'overdue')),
    sync_day   TEXT,
    run_id     TEXT,
    subject    TEXT NOT NULL,
    body       TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX alerts_run_id_idx ON platform.alerts (run_id);
CREATE INDEX alerts_created_at_idx ON platform.alerts (created_at);
COMMENT ON TABLE platform.alerts IS 'What is told. key: of the event, so that each is told once.';

CREATE TABLE platform.alert_deliveries (
    alert_id    BIGINT NOT NULL REFERENCES platform.alerts (alert_id) ON DELETE CASCADE,
    receiver    TEXT NOT NULL REFERENCES platform.alert_receivers (receiver),
    attempts    INTEGER NOT NULL DEFAULT 0,
    next_try_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    sent_at     TIMESTAMPTZ,
    given_up_at TIMESTAMPTZ,
    last_error  TEXT,
    PRIMARY KEY (alert_id, receiver)
);
CREATE INDEX alert_deliveries_waiting_idx ON platform.alert_deliveries (receiver, next_try_at)
    WHERE sent_at IS NULL AND given_up_at IS NULL;
COMMENT ON TABLE platform.alert_deliveries IS
    'An alert at a receiver: told (sent_at), given up, or waiting until next_try_at. Who sends moves next_try_at beforehand.';

CREATE TABLE platform.alert_compared_days (
    sync_day   TEXT PRIMARY KEY,
    applied_at TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE platform.alert_compared_days IS
    'Applied days whose findings were compared with those of the day before, and when they had been applied.';
