-- What is kept of past months. A purge removes kernels, and with them what a month could be computed from: the stored
-- totals stay, so nothing here refers to groups or domains.

CREATE TABLE manager.usage_months (
    month              DATE PRIMARY KEY CHECK (extract(day FROM month) = 1),
    time_zone          TEXT NOT NULL,
    is_over            BOOLEAN NOT NULL,
    missing_statistics BIGINT NOT NULL,
    unreadable_figures BIGINT NOT NULL
);
COMMENT ON TABLE manager.usage_months IS
    'The months whose usage is stored, by their first day. is_over: the month had ended when it was computed.';

-- Sizes are bytes, cpu_used is milliseconds of CPU time, as usage_per_month has them.
CREATE TABLE manager.monthly_usage (
    month             DATE NOT NULL REFERENCES manager.usage_months (month),
    domain_name       TEXT NOT NULL,
    group_id          UUID NOT NULL,
    group_name        TEXT NOT NULL,
    kernels           BIGINT NOT NULL,
    cpu_allocated     NUMERIC NOT NULL,
    cpu_used          NUMERIC NOT NULL,
    mem_allocated     NUMERIC NOT NULL,
    mem_used          NUMERIC NOT NULL,
    shared_memory     NUMERIC NOT NULL,
    disk_allocated    NUMERIC NOT NULL,
    disk_used         NUMERIC NOT NULL,
    io_read           NUMERIC NOT NULL,
    io_write          NUMERIC NOT NULL,
    smp               NUMERIC NOT NULL,
    gpu_mem_allocated NUMERIC NOT NULL,
    gpu_allocated     NUMERIC NOT NULL,
    device_type       TEXT[] NOT NULL,
    PRIMARY KEY (month, group_id)
);
COMMENT ON TABLE manager.monthly_usage IS 'What each group used in a month, as last computed.';

CREATE TABLE manager.monthly_domain_usage (
    month             DATE NOT NULL REFERENCES manager.usage_months (month),
    domain_name       TEXT NOT NULL,
    groups            BIGINT NOT NULL,
    kernels           BIGINT NOT NULL,
    cpu_allocated     NUMERIC NOT NULL,
    cpu_used          NUMERIC NOT NULL,
    mem_allocated     NUMERIC NOT NULL,
    mem_used          NUMERIC NOT NULL,
    shared_memory     NUMERIC NOT NULL,
    disk_allocated    NUMERIC NOT NULL,
    disk_used         NUMERIC NOT NULL,
    io_read           NUMERIC NOT NULL,
    io_write          NUMERIC NOT NULL,
    smp               NUMERIC NOT NULL,
    gpu_mem_allocated NUMERIC NOT NULL,
    gpu_allocated     NUMERIC NOT NULL,
    PRIMARY KEY (month, domain_name)
);
COMMENT ON TABLE manager.monthly_domain_usage IS 'What the groups of a domain used in a month together.';
