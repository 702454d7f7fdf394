"""The directory's load as a good engineer writes it by hand: DuckDB reads, COPY moves, SQL merges.

It does what the tables need: checks ids and names, keeps the latest of a repeated id, replaces the members
of every accepted group, keeps what the day does not mention, recomputes the flags, all in one transaction.
It leaves out what an operated pipeline needs: nothing says what was wrong with a record or where it stood,
a name of 42 is taken as "42", and a file that is not JSON, or a string in the place of `agent_ids`, stops
the run.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import duckdb
import psycopg

SCHEMA = "bench_duckdb"
FLAGS = Path(__file__).with_name("flags.sql")

READ = """
CREATE MACRO to_id(text) AS CASE WHEN regexp_full_match(text, '-?[0-9]+') THEN try_cast(text AS BIGINT) END;
CREATE MACRO to_time(text) AS try_cast(text AS TIMESTAMPTZ) AT TIME ZONE 'UTC';
CREATE TABLE group_records AS
SELECT to_id(id) AS group_id, name, to_id(parent_group_id) AS parent_group_id,
       to_time(created_at) AS created_at, to_time(updated_at) AS updated_at, agent_ids
FROM read_json(getvariable('day') || '/admin_groups/*.json', columns = {
    id: 'VARCHAR', name: 'VARCHAR', parent_group_id: 'VARCHAR', created_at: 'VARCHAR', updated_at: 'VARCHAR',
    agent_ids: 'VARCHAR[]'})
WHERE to_id(id) IS NOT NULL AND trim(name) <> ''
QUALIFY row_number() OVER (PARTITION BY to_id(id) ORDER BY to_time(updated_at) DESC NULLS LAST) = 1;
CREATE TABLE agent_records AS
SELECT to_id(id) AS agent_id, contact.email AS email, contact.name AS name,
       NOT coalesce(deactivated, false) AND coalesce(active, contact.active, true) AS active,
       to_time(created_at) AS created_at, to_time(updated_at) AS updated_at
FROM read_json(getvariable('day') || '/agents/*.json', columns = {
    id: 'VARCHAR', deactivated: 'BOOLEAN', active: 'BOOLEAN', created_at: 'VARCHAR', updated_at: 'VARCHAR',
    contact: 'STRUCT(active BOOLEAN, email VARCHAR, name VARCHAR)'})
WHERE to_id(id) IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY to_id(id) ORDER BY to_time(updated_at) DESC NULLS LAST) = 1;
"""

STAGED = {
    "staged_groups": "SELECT * EXCLUDE agent_ids FROM group_records ORDER BY group_id",
    "staged_agents": "SELECT * FROM agent_records ORDER BY agent_id",
    "staged_members": """
        SELECT DISTINCT group_id, to_id(member) AS agent_id
        FROM (SELECT group_id, unnest(agent_ids) AS member FROM group_records)
        WHERE to_id(member) IS NOT NULL ORDER BY group_id, agent_id""",
}

TABLES = """
CREATE TABLE IF NOT EXISTS groups (group_id BIGINT PRIMARY KEY, name TEXT, parent_group_id BIGINT,
    created_at TIMESTAMP, updated_at TIMESTAMP, inactive BOOLEAN);
CREATE TABLE IF NOT EXISTS agents (agent_id BIGINT PRIMARY KEY, email TEXT, name TEXT, active BOOLEAN,
    created_at TIMESTAMP, updated_at TIMESTAMP);
CREATE TABLE IF NOT EXISTS group_membership (group_id BIGINT, agent_id BIGINT,
    PRIMARY KEY (group_id, agent_id));
CREATE TEMP TABLE staged_groups (group_id BIGINT, name TEXT, parent_group_id BIGINT,
    created_at TIMESTAMP, updated_at TIMESTAMP) ON COMMIT DROP;
CREATE TEMP TABLE staged_agents (LIKE agents) ON COMMIT DROP;
CREATE TEMP TABLE staged_members (LIKE group_membership) ON COMMIT DROP;
"""

APPLY = """
SET LOCAL work_mem = '256MB';
ANALYZE staged_groups; ANALYZE staged_agents; ANALYZE staged_members;
MERGE INTO groups AS t USING staged_groups AS s ON t.group_id = s.group_id
WHEN MATCHED AND (t.name, t.parent_group_id, t.created_at, t.updated_at)
    IS DISTINCT FROM (s.name, s.parent_group_id, s.created_at, s.updated_at)
    THEN UPDATE SET name = s.name, parent_group_id = s.parent_group_id,
        created_at = s.created_at, updated_at = s.updated_at
WHEN NOT MATCHED THEN INSERT VALUES (s.group_id, s.name, s.parent_group_id, s.created_at, s.updated_at, NULL);
MERGE INTO agents AS t USING staged_agents AS s ON t.agent_id = s.agent_id
WHEN MATCHED AND (t.email, t.name, t.active, t.created_at, t.updated_at)
    IS DISTINCT FROM (s.email, s.name, s.active, s.created_at, s.updated_at)
    THEN UPDATE SET email = s.email, name = s.name, active = s.active,
        created_at = s.created_at, updated_at = s.updated_at
WHEN NOT MATCHED THEN INSERT VALUES (s.agent_id, s.email, s.name, s.active, s.created_at, s.updated_at);
UPDATE agents AS t SET active = false
WHERE t.active AND NOT EXISTS (SELECT FROM staged_agents AS s WHERE s.agent_id = t.agent_id);
DELETE FROM group_membership AS t
WHERE EXISTS (SELECT FROM staged_groups AS s WHERE s.group_id = t.group_id)
  AND NOT EXISTS (SELECT FROM staged_members AS s WHERE s.group_id = t.group_id AND s.agent_id = t.agent_id);
INSERT INTO group_membership
SELECT s.group_id, s.agent_id FROM staged_members AS s
WHERE EXISTS (SELECT FROM agents AS a WHERE a.agent_id = s.agent_id)
  AND NOT EXISTS (SELECT FROM group_membership AS t WHERE t.group_id = s.group_id AND t.agent_id = s.agent_id)
ORDER BY s.group_id, s.agent_id;
ANALYZE groups; ANALYZE agents; ANALYZE group_membership;
"""


def sync(day_folder: str, database_url: str) -> None:
    """Load the day in `day_folder` into the schema `bench_duckdb`, as one transaction."""
    with tempfile.TemporaryDirectory() as csv_folder:
        _write_csv(day_folder, csv_folder)
        with psycopg.connect(database_url) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}; SET LOCAL search_path = {SCHEMA}, pg_temp")
            cursor.execute(TABLES)
            for table in STAGED:
                _copy_csv(cursor, table, Path(csv_folder, f"{table}.csv"))
            cursor.execute(APPLY)
            cursor.execute(FLAGS.read_text())


def _write_csv(day_folder: str, csv_folder: str) -> None:
    with duckdb.connect() as duck:
        duck.execute("SET TimeZone = 'UTC'")
        duck.execute("SET VARIABLE day = ?", [day_folder])
        duck.execute(READ)
        for table, query in STAGED.items():
            duck.execute(f"COPY ({query}) TO '{csv_folder}/{table}.csv' (FORMAT csv, HEADER false)")


def _copy_csv(cursor: psycopg.Cursor, table: str, file: Path) -> None:
    with file.open("rb") as source, cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy:
        while block := source.read(1 << 20):
            copy.write(block)


if __name__ == "__main__":
    sync(sys.argv[1], sys.argv[2])
