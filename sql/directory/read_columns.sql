SELECT attname
FROM pg_attribute
WHERE attrelid = %(table)s::REGCLASS AND attnum > 0 AND NOT attisdropped
ORDER BY attnum;
