"""The audit log at its size: searches of it, and the archive of a month while groups are created meanwhile.

The log is filled by SQL, a partition at a time, and searched through `search_audit`, so each time is that of a whole
action. The archive is the command, a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from rich.console import Console
from rich.table import Table

from benchmarks.measure import Measured, run_measured
from groups_platform.database.connection import open_database
from groups_platform.database.embedded import stop_embedded
from groups_platform.group_service import group_service
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.actions.search_audit import SearchAuditAction
from groups_platform.group_service.services.group.actions.search_groups import SearchGroupsAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.audit import AuditEntry, AuditFilter, AuditStatus
from groups_platform.group_service.types.group import GroupCreator, GroupName
from groups_platform.settings import Settings

ENTRIES, MONTHS, CALLS = 10_000_000, 24, 20
AIM = 50  # milliseconds
DOMAIN, ADMIN, ADMIN_OF_NOTHING = "domain-7", "person7@example.com", "person@empty.example.com"
ENTRY = Path(__file__).with_name("audit_seed.sql")
ACCOUNTS = """
INSERT INTO manager.domains (name) SELECT 'domain-' || n FROM generate_series(0, 19) AS n;
INSERT INTO manager.project_resource_policies (name) VALUES ('default');
INSERT INTO manager.users (uuid, email, role, domain_name)
SELECT md5('user' || n)::UUID, format('person%s@example.com', n), 'admin', 'domain-' || n % 20
FROM generate_series(0, 199) AS n;
INSERT INTO manager.domains (name) VALUES ('empty');
INSERT INTO manager.users (email, role, domain_name) VALUES ('person@empty.example.com', 'admin', 'empty');
INSERT INTO manager.entity_names
SELECT 'team-' || n, 'domain-' || n % 20, md5('group' || n)::UUID::TEXT FROM generate_series(0, 19999) AS n;
"""
PARTITION = """
CREATE TABLE manager.{month} (LIKE manager.audit_log INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
"""
ATTACH = """
CREATE TRIGGER is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON manager.{month}
    FOR EACH STATEMENT EXECUTE FUNCTION manager.refuse_change();
ALTER TABLE manager.audit_log ATTACH PARTITION manager.{month} FOR VALUES FROM ({first}) TO ({next});
"""

console = Console(width=110, highlight=False)


def months_until(now: datetime) -> list[datetime]:
    """The first instants of the present month and of those before it, the oldest first."""
    firsts = [now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)]
    while len(firsts) < MONTHS:
        firsts.insert(0, (firsts[0] - timedelta(days=1)).replace(day=1))
    return firsts


def fill(url: str, entries: int) -> None:
    """Fill the empty database. A partition gets its indexes when it is attached, which is faster than row by row."""
    now = datetime.now(timezone.utc)
    firsts = months_until(now)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '512MB'")
        connection.execute("SET synchronous_commit = off")
        connection.execute(ACCOUNTS)
        for number, first in enumerate(firsts):
            following = (first + timedelta(days=32)).replace(day=1)
            names = {
                "month": sql.Identifier(f"audit_log_{first:%Y_%m}"),
                "first": sql.Literal(first.isoformat()),
                "next": sql.Literal(following.isoformat()),
            }
            numbers = {"first": entries * number // MONTHS + 1, "last": entries * (number + 1) // MONTHS}
            connection.execute(sql.SQL(PARTITION).format(**names))
            statement = sql.SQL(ENTRY.read_text()).format(**names)  # type: ignore[arg-type]  # typed for literals
            connection.execute(statement, numbers | {"since": first, "until": min(following, now)})
            connection.execute(sql.SQL(ATTACH).format(**names))
        connection.execute("SELECT setval('manager.audit_numbers', %s)", (entries,))
        connection.execute("VACUUM (ANALYZE) manager.audit_log")
        connection.execute("ANALYZE manager.entity_names, manager.users")
        connection.execute("CHECKPOINT")


@dataclass(frozen=True)
class Samples:
    """What the searches look for: entries of the log, from the middle of it."""

    entry: AuditEntry
    with_run: AuditEntry
    middle: int
    since: datetime


async def find_samples(service: GroupService, entries: int) -> Samples:
    async def one(wanted: AuditFilter) -> AuditEntry:
        result = await service.search_audit(SearchAuditAction(wanted, limit=1, cursor=entries // 2))
        assert result.data is not None, result.error
        return result.data.entries[0]

    entry = await one(AuditFilter())
    in_run = await one(AuditFilter(run_id=f"run-{entries // 400 - 1}"))
    return Samples(entry, in_run, entries // 2, entry.started_at)


def searches(samples: Samples) -> dict[str, SearchAuditAction]:
    entry = samples.entry
    assert entry.entity_id is not None
    day = {"since": samples.since, "until": samples.since + timedelta(days=1)}
    name = GroupName(str(entry.entity_name), entry.domain_name)
    filters = {
        "newest, without reads": AuditFilter(),
        "newest, with reads": AuditFilter(with_reads=True),
        "by entity's id": AuditFilter(entity_id=UUID(entry.entity_id)),
        "by entity, with reads": AuditFilter(entity_id=UUID(entry.entity_id), with_reads=True),
        "by entity's name": AuditFilter(entity_id=entry.entity_name),
        "by domain/name": AuditFilter(entity_id=name),
        "by actor": AuditFilter(actor=entry.actor),
        "by actor, with reads": AuditFilter(actor=entry.actor, with_reads=True),
        "by action": AuditFilter(action="delete_group"),
        "by action that was never made": AuditFilter(action="purge_group"),
        "by status": AuditFilter(status=AuditStatus.DENIED),
        "by action's id": AuditFilter(action_id=entry.action_id),
        "by run": AuditFilter(run_id=samples.with_run.run_id),
        "of a day": AuditFilter(**day),  # type: ignore[arg-type]
        "of a day, with reads": AuditFilter(**day, with_reads=True),  # type: ignore[arg-type]
        "of a day, by actor": AuditFilter(**day, actor=entry.actor),  # type: ignore[arg-type]
    }
    pages = {name: SearchAuditAction(wanted) for name, wanted in filters.items()}
    return pages | {
        "after a cursor in the middle": SearchAuditAction(cursor=samples.middle),
        "oldest first": SearchAuditAction(oldest_first=True),
        "oldest first after a number": SearchAuditAction(oldest_first=True, cursor=samples.middle),
    }


async def yardstick(service: GroupService) -> list[float]:
    """What an action takes that reads next to nothing: how fast the machine is at present."""
    times = []
    for _ in range(CALLS):
        started = time.perf_counter()
        assert (await service.search_groups(SearchGroupsAction())).success
        times.append((time.perf_counter() - started) * 1000)
    return times


async def milliseconds(service: GroupService, action: SearchAuditAction) -> tuple[list[float], int]:
    times, found = [], 0
    for _ in range(CALLS):
        started = time.perf_counter()
        result = await service.search_audit(action)
        times.append((time.perf_counter() - started) * 1000)
        assert result.data is not None, result.error
        found = len(result.data.entries)
    return times, found


async def measure_searches(url: str, entries: int) -> Table:
    table = Table(title=f"Searches of {entries:,} entries in {MONTHS} months, milliseconds of {CALLS} calls")
    for column in ("", "median", "max", "entries", f"≤ {AIM}"):
        table.add_column(column, justify="right" if column else "left")
    async with group_service(url) as service:
        actions = searches(await find_samples(service, entries))
        times = await yardstick(service)
        median, most = statistics.median(times), max(times)
        table.add_row("yardstick: a search for groups where none is", f"{median:.1f}", f"{most:.1f}", "0", "")
        of_nothing = {"newest, without reads": actions["newest, without reads"]}
        whose = [
            ("", service, actions),
            (", domain's admin", service.acting_as(ADMIN), actions),
            (", admin of an empty domain", service.acting_as(ADMIN_OF_NOTHING), of_nothing),
        ]
        for who, asking, asked in whose:
            for name, action in asked.items():
                times, found = await milliseconds(asking, action)
                median, most = statistics.median(times), max(times)
                table.add_row(name + who, f"{median:.1f}", f"{most:.1f}", str(found), "yes" if median <= AIM else "no")
    return table


async def create_until(done: asyncio.Event, service: GroupService, prefix: str) -> list[float]:
    """Create groups one after the other; the milliseconds of each."""
    times: list[float] = []
    while not done.is_set():
        started = time.perf_counter()
        name = f"{prefix}-{len(times)}"
        result = await service.create_group(CreateGroupAction(GroupCreator(name, DOMAIN)))
        times.append((time.perf_counter() - started) * 1000)
        assert result.success, result.error
    return times


async def archive(url: str, before: datetime, to: Path) -> tuple[Measured, list[float], list[float]]:
    """The archive of the months before; what creates take without it and meanwhile."""
    command = [sys.executable, "-m", "groups_platform", "audit", "archive", "--before", f"{before:%Y-%m}"]
    environment = {**os.environ, "GROUPS_DATABASE_URL": url}
    async with group_service(url) as service:

        async def beside(work: Any, prefix: str) -> tuple[Any, list[float]]:
            done = asyncio.Event()
            creating = asyncio.ensure_future(create_until(done, service, prefix))
            answer = await work
            done.set()
            return answer, await creating

        _, alone = await beside(asyncio.sleep(5), "alone")
        working = asyncio.to_thread(run_measured, [*command, "--to", str(to)], environment)
        measured, meanwhile = await beside(working, "meanwhile")
    return measured, alone, meanwhile


def measure_archive(url: str, entries: int, to: Path) -> Table:
    first, second = months_until(datetime.now(timezone.utc))[:2]
    measured, alone, meanwhile = asyncio.run(archive(url, second, to))
    size = sum(file.stat().st_size for file in to.iterdir())
    rows = entries // MONTHS
    table = Table(title=f"The archive of {first:%Y-%m}, {rows:,} entries", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_row("seconds, whole process", f"{measured.seconds:.1f}")
    table.add_row("entries a second", f"{rows / measured.seconds:,.0f}")
    table.add_row("peak MB", f"{measured.peak_mb:.0f}")
    table.add_row("file, MB", f"{size / 1e6:.1f}")
    for name, times in (("without it", alone), ("meanwhile", meanwhile)):
        shown = f"{statistics.median(times):.1f}, {max(times):.1f} of {len(times)}"
        table.add_row(f"creates {name}: median, max ms", shown)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("entries", nargs="?", type=int, default=ENTRIES, help="of the log; ten million take 6 GB")
    entries = parser.parse_args().entries
    with tempfile.TemporaryDirectory(prefix="groups-bench-") as scratch:
        Path(scratch).chmod(0o755)
        settings = Settings(home=Path(scratch) / "home", source="", lake="")
        try:
            url = open_database(settings)
            started = time.perf_counter()
            fill(url, entries)
            console.print(f"filled in {time.perf_counter() - started:.0f} s")
            console.print(asyncio.run(measure_searches(url, entries)))
            console.print(measure_archive(url, entries, Path(scratch) / "archive"))
        finally:
            stop_embedded(settings.home)


if __name__ == "__main__":
    main()
