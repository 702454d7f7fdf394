SELECT digest_key, greatest(began_at, now() - make_interval(days => %(days)s)) AS since FROM platform.alert_beginning;
