-- Kernels of October 2024, as many as the setting `bench.kernels` says, over 1,000 groups or a tenth as many as kernels.
-- Some 3 % run, and a third of those have their statistics in Valkey only; every fourth has an accelerator.
SET session_replication_role = replica;  -- the references below are right by construction

INSERT INTO manager.domains (name) VALUES ('example.com');
INSERT INTO manager.project_resource_policies (name) VALUES ('default');
INSERT INTO manager.users (uuid, email, full_name, domain_name)
SELECT md5('user' || n)::UUID, format('person%s@example.com', n), format('Person %s', n), 'example.com'
FROM generate_series(0, 99) AS n;

INSERT INTO manager.groups (id, name, domain_name, resource_policy)
SELECT md5('group' || n)::UUID, 'team-' || n, 'example.com', 'default'
FROM generate_series(0, least(1000, greatest(1, current_setting('bench.kernels')::INTEGER / 10)) - 1) AS n;

INSERT INTO manager.sessions (id, name, domain_name, group_id, user_uuid, status, created_at)
SELECT
    md5('session' || n)::UUID,
    'session-' || n,
    'example.com',
    md5('group' || n % (SELECT count(*) FROM manager.groups))::UUID,
    md5('user' || n % 100)::UUID,
    'TERMINATED',
    '2024-10-01'
FROM generate_series(0, current_setting('bench.kernels')::INTEGER / 2) AS n;

INSERT INTO manager.kernels (
    id, session_id, domain_name, group_id, user_uuid, agent, container_id, image, status, created_at, terminated_at,
    occupied_slots, attached_devices, resource_opts, last_stat
)
SELECT
    md5('kernel' || n)::UUID,
    s.id,
    s.domain_name,
    s.group_id,
    s.user_uuid,
    'agent-' || n % 50,
    md5('container' || n),
    'registry.example.com/team/python:3.11',
    CASE WHEN n % 33 = 0 THEN 'RUNNING' ELSE 'TERMINATED' END,
    started.at,
    CASE WHEN n % 33 <> 0 THEN started.at + INTERVAL '1 minute' * (n % 4000) END,
    jsonb_build_object('cpu', (n % 8 + 1)::TEXT, 'mem', ((n % 16 + 1)::BIGINT << 30)::TEXT)
        || CASE WHEN n % 4 = 0 THEN jsonb_build_object('cuda.shares', '0.5') ELSE '{}' END,
    CASE WHEN n % 4 = 0 THEN jsonb_build_object('cuda', jsonb_build_array(jsonb_build_object(
        'device_id', n % 8, 'model_name', 'Model ' || n % 3, 'data', jsonb_build_object('smp', 108, 'mem', 42949672960)
    ))) ELSE '{}' END,
    '{"shmem": "64m"}',
    CASE WHEN n % 99 <> 0 THEN jsonb_build_object(
        'cpu_used', jsonb_build_object('current', (n % 100000)::TEXT, 'capacity', NULL, 'unit_hint', 'msec'),
        'cpu_util', jsonb_build_object('current', '12.5', 'capacity', '800', 'stats.avg', '11.1', 'stats.max', '98.7'),
        'mem', jsonb_build_object('current', '123456789', 'capacity', '17179869184', 'stats.max', '223456789'),
        'io_read', jsonb_build_object('current', (n % 7777)::TEXT, 'stats.rate', '0.0', 'unit_hint', 'bytes'),
        'io_write', jsonb_build_object('current', (n % 5555)::TEXT, 'stats.rate', '0.0', 'unit_hint', 'bytes'),
        'io_scratch_size', jsonb_build_object('current', '4096', 'stats.max', (n % 3333)::TEXT, 'unit_hint', 'bytes')
    ) END
FROM generate_series(0, current_setting('bench.kernels')::INTEGER - 1) AS n
JOIN manager.sessions AS s ON s.id = md5('session' || n / 2)::UUID
CROSS JOIN LATERAL (SELECT TIMESTAMPTZ '2024-10-01' + INTERVAL '1 minute' * (n % 44000) AS at) AS started;

SET session_replication_role = origin;
ANALYZE manager.kernels, manager.groups, manager.sessions;
