-- Only rows that differ: EXCEPT compares null with null as equal.
INSERT INTO {live} ({columns})
SELECT {columns} FROM {fold}
EXCEPT
SELECT {columns} FROM {live}
ON CONFLICT ({key}) DO UPDATE SET ({columns}) = ROW ({excluded});
