DELETE FROM manager.monthly_domain_usage AS d
WHERE d.month = :month
  AND NOT EXISTS (SELECT FROM manager.monthly_usage AS u WHERE (u.month, u.domain_name) = (d.month, d.domain_name));
