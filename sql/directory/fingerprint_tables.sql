SELECT * FROM table_digest;
