-- Figures of a domain, by name, that are not the sum of its groups'. Read from JSON: every figure, also one to come.
WITH parts AS (
    SELECT u.domain_name, figure.key AS figure, sum(figure.value::NUMERIC) AS amount
    FROM manager.monthly_usage AS u
    CROSS JOIN LATERAL jsonb_each_text(
        to_jsonb(u) - ARRAY[
            'month', 'domain_name', 'group_id', 'group_name', 'device_type',
            'peak_cpu', 'peak_mem', 'peak_gpu', 'total_resource_slots'  -- which do not add up
        ] || '{"groups": 1}'::JSONB
    ) AS figure
    WHERE u.month = :month
    GROUP BY u.domain_name, figure.key
),

wholes AS (
    SELECT d.domain_name, figure.key AS figure, figure.value::NUMERIC AS amount
    FROM manager.monthly_domain_usage AS d
    CROSS JOIN LATERAL jsonb_each_text(to_jsonb(d) - ARRAY['month', 'domain_name']) AS figure
    WHERE d.month = :month
)

SELECT domain_name, figure, wholes.amount AS stored, parts.amount AS summed
FROM parts
FULL JOIN wholes USING (domain_name, figure)
WHERE wholes.amount IS DISTINCT FROM parts.amount
ORDER BY domain_name, figure;
