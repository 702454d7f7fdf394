INSERT INTO platform.alert_receivers (receiver, scheme) VALUES (%(receiver)s, %(scheme)s) ON CONFLICT DO NOTHING;
