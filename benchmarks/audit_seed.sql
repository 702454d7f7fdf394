-- Entries with the numbers from `first` to `last`, of attempts that began evenly between `since` and `until`: nine of ten
-- are reads; by 200 actors, on 20,000 groups of 20 domains.
INSERT INTO manager.{month}
SELECT
    made.number,
    gen_random_uuid(),
    CASE
        WHEN made.is_read THEN (ARRAY['get_group', 'search_groups', 'usage_per_month', 'search_audit'])[1 + made.number %% 4]
        ELSE (ARRAY['create_group', 'modify_group', 'modify_group', 'delete_group', 'restore_group'])[
            1 + made.number / 10 %% 5
        ]
    END,
    made.is_read,
    'group',
    md5('group' || made.entity)::UUID::TEXT,
    'team-' || made.entity,
    'domain-' || made.entity %% 20,
    NULL,
    md5('user' || made.actor)::UUID,
    format('person%%s@example.com', made.actor),
    CASE WHEN made.dice < 0.97 THEN 'success' WHEN made.dice < 0.99 THEN 'failure' ELSE 'denied' END,
    CASE WHEN made.dice >= 0.99 THEN 'forbidden' WHEN made.dice >= 0.97 THEN 'invalid_value' END,
    CASE WHEN made.dice >= 0.97 THEN 'The reason, in a sentence of about this length, for people.' END,
    CASE WHEN NOT made.is_read THEN jsonb_build_object('description', 'change ' || made.number - 1) END,
    CASE WHEN NOT made.is_read THEN jsonb_build_object('description', 'change ' || made.number) END,
    CASE WHEN made.number %% 20 = 0 THEN 'run-' || made.number / 200 END,
    %(since)s + (%(until)s - %(since)s) * ((made.number - %(first)s)::FLOAT / (1 + %(last)s - %(first)s)),
    INTERVAL '1 millisecond' * (2 + 20 * made.dice)
FROM (
    SELECT
        n AS number,
        n %% 10 <> 0 AS is_read,
        floor(random() * 20000)::INTEGER AS entity,
        floor(random() * 200)::INTEGER AS actor,
        random() AS dice
    FROM generate_series(%(first)s::BIGINT, %(last)s::BIGINT) AS n
) AS made
