"""The assets over the group service: months that are stored once, checked and kept; the audit log by day."""

from __future__ import annotations

import asyncio
import base64
import re
from datetime import date, datetime, timedelta, timezone
from typing import Any
from xml.etree import ElementTree

import pytest
from dagster import AssetKey, BackfillPolicy, ExecuteInProcessResult, build_schedule_context

from groups_platform.definitions import build_defs
from groups_platform.group_service.types.group import GroupData
from groups_platform.orchestration.group_service.checks import RANGE_TAGS
from groups_platform.orchestration.group_service.svg import ticks_to
from groups_platform.orchestration.group_service.usage_picture import (
    NEAR_COLOUR,
    OVER_COLOUR,
    Curve,
    GroupBars,
    GroupLimits,
    Held,
    Panel,
    draw_limits,
    draw_months,
    draw_usage,
)
from groups_platform_tests.group_service.deployment import DOMAIN, OTHER_DOMAIN
from groups_platform_tests.orchestration.group_service.service_runs import ServiceRuns, rows

MONTH = "2024-07-01"
JULY = {
    "created_at": datetime(2024, 7, 3, 8, tzinfo=timezone.utc),
    "terminated_at": datetime(2024, 7, 3, 10, tzinfo=timezone.utc),
    "status": "TERMINATED",
    "occupied_slots": {"cpu": "2.5", "mem": str(4 * 1024**3), "cuda.shares": "0.5"},
    "attached_devices": {"cuda": [{"model_name": "A100", "data": {"smp": 108, "mem": 40 * 1024**3}}]},
}


def store(runs: ServiceRuns, month: str = MONTH) -> ExecuteInProcessResult:
    return runs.execute("store_monthly_usage", partition_key=month)


def metadata(result: ExecuteInProcessResult, asset: str = "monthly_usage") -> dict[str, Any]:
    (event,) = [e for e in result.get_asset_materialization_events() if e.asset_key == AssetKey(asset)]
    return {name: getattr(value, "value", value) for name, value in event.materialization.metadata.items()}


def failed_checks(result: ExecuteInProcessResult) -> set[str]:
    return {check.check_name for check in result.get_asset_check_evaluations() if not check.passed}


def versions(runs: ServiceRuns) -> list[tuple[Any, ...]]:
    """Every stored row, with the transaction that wrote it."""
    tables = ("usage_months", "monthly_usage", "monthly_domain_usage")
    return [row for table in tables for row in runs.rows(f"SELECT xmin::text, ctid::text, t.* FROM manager.{table} t")]


def totals(runs: ServiceRuns) -> list[tuple[Any, ...]]:
    return runs.rows("SELECT group_name, kernels, cpu_allocated FROM manager.monthly_usage ORDER BY group_name")


@pytest.fixture
def physics(service_runs: ServiceRuns) -> GroupData:
    """A group with two kernels in July, beside another of its domain and one of another domain with one each."""
    physics, optics = service_runs.group(), service_runs.group("optics")
    for group in (physics, physics, optics, service_runs.group("abroad", OTHER_DOMAIN)):
        asyncio.run(service_runs.deployment.kernel(group, **JULY))
    return physics


def test_a_month_is_stored_by_group_and_domain_and_shown(service_runs: ServiceRuns, physics: GroupData) -> None:
    result = store(service_runs)
    assert result.success
    assert failed_checks(result) == set()
    assert len(result.get_asset_check_evaluations()) == 3
    assert totals(service_runs) == [("abroad", 1, 2.5), ("optics", 1, 2.5), ("physics", 2, 5)]
    domains = service_runs.rows(
        "SELECT domain_name, groups, kernels, cpu_allocated, mem_allocated, gpu_allocated, smp "
        "FROM manager.monthly_domain_usage ORDER BY 1"
    )
    assert domains == [(DOMAIN, 2, 3, 7.5, 12 * 1024**3, 1.5, 324), (OTHER_DOMAIN, 1, 1, 2.5, 4 * 1024**3, 0.5, 108)]
    facts = metadata(result)
    assert facts["dagster/partition_row_count"] == 3
    assert facts["missing_statistics"] == 4
    names = [f"{DOMAIN}/optics", f"{DOMAIN}/physics", f"{OTHER_DOMAIN}/abroad"]
    assert [row["group"] for row in rows(facts["allocated"])] == names
    assert {"optics", "physics", "abroad"} <= words_of(facts["picture"])
    (attempt,) = service_runs.audit("store_monthly_usage")
    assert (attempt.run_id, attempt.actor, attempt.entity_id) == (result.run_id, "system", "2024-07")
    assert attempt.after == {
        "month": MONTH, "is_over": True, "groups": 3, "kernels": 4, "rows_written": 5, "rows_removed": 0,
    }  # fmt: skip


def test_months_are_shown_as_curves_and_numbers_with_limits_beside_use(
    service_runs: ServiceRuns, physics: GroupData
) -> None:
    limits = "UPDATE manager.groups SET total_resource_slots = '{}' WHERE name = 'physics'"
    service_runs.rows(limits.format('{"cpu": "8", "cuda.shares": "0.5"}'))
    september = {name: JULY[name].replace(month=9) for name in ("created_at", "terminated_at")}
    asyncio.run(service_runs.deployment.kernel(physics, **{**JULY, **september}))
    for month in (MONTH, "2024-09-01"):
        facts = metadata(store(service_runs, month))
    assert [facts[name] for name in ("CPU", "memory GiB", "GPU", "CPU hours", "kernel hours")] == [2.5, 4, 0.5, 0, 2]
    by_month = rows(facts["all_groups_by_month"])
    assert [(row["month"], row["CPU cores"], row["kernel hours"]) for row in by_month] == [
        ("2024-09", 2.5, 2), ("2024-07", 10, 8),
    ]  # fmt: skip
    assert {"Jul", "Aug", "Sep", "2024", "CPU hours used", "all groups", f"{DOMAIN}/physics"} <= words_of(
        facts["curves"]
    )
    assert {f"{DOMAIN}/physics: CPU", "physics: memory GiB, no limit", "limit"} <= words_of(facts["limits_by_month"])
    assert {"2.5 of 8", "4, no limit", "0.5 of 0.5"} <= words_of(facts["limits"])
    (held,) = [row for row in rows(facts["at_once"]) if row["group"] == f"{DOMAIN}/physics"]
    assert (held["CPU"], held["CPU limit"], held["memory GiB"], held["memory GiB limit"]) == (2.5, 8, 4, "no limit")
    stored = service_runs.rows(
        "SELECT kernel_time, peak_cpu, peak_mem, peak_gpu, total_resource_slots FROM manager.monthly_usage "
        "WHERE group_name = 'physics' ORDER BY month"
    )
    slots = {"cpu": "8", "cuda.shares": "0.5"}
    assert stored == [(2 * 7_200_000, 5, 8 * 1024**3, 1, slots), (7_200_000, 2.5, 4 * 1024**3, 0.5, slots)]


def test_the_same_month_again_writes_nothing(service_runs: ServiceRuns, physics: GroupData) -> None:
    assert metadata(store(service_runs))["rows_written"] == 5
    before = versions(service_runs)
    again = metadata(store(service_runs))
    assert (again["rows_written"], again["rows_removed"]) == (0, 0)
    assert versions(service_runs) == before


def test_a_changed_month_changes_only_what_differs(service_runs: ServiceRuns, physics: GroupData) -> None:
    store(service_runs)
    before = {row[5]: row for row in versions(service_runs)}
    asyncio.run(service_runs.deployment.kernel(physics, **JULY))
    service_runs.rows(
        "DELETE FROM manager.kernels AS k USING manager.groups g WHERE g.id = group_id AND name = 'abroad'"
    )
    changed = store(service_runs)
    assert failed_checks(changed) == set()
    assert (metadata(changed)["rows_written"], metadata(changed)["rows_removed"]) == (2, 3)
    assert totals(service_runs) == [("optics", 1, 2.5), ("physics", 3, 7.5)]
    assert before["optics"] in versions(service_runs)


def test_what_a_purged_group_used_stays_in_the_accounts(service_runs: ServiceRuns, physics: GroupData) -> None:
    store(service_runs)
    assert service_runs.run("purge_group", group=str(physics.id), dry_run=False, confirm="physics").success
    again = store(service_runs)
    assert failed_checks(again) == set()
    assert metadata(again)["rows_removed"] == 0
    assert ("physics", 2, 5) in totals(service_runs)


def test_corrupted_tables_are_found_and_mended(service_runs: ServiceRuns, physics: GroupData) -> None:
    store(service_runs)
    assert failed_checks(service_runs.execute("check_usage")) == set()
    service_runs.rows("UPDATE manager.monthly_usage SET kernels = 7 WHERE group_name = 'physics'")
    service_runs.rows("UPDATE manager.monthly_domain_usage SET io_read = 1 WHERE domain_name = 'example.org'")
    corrupted = service_runs.execute("check_usage")
    assert corrupted.success
    assert failed_checks(corrupted) == {"every_kernel_counted", "domains_are_sums_of_groups"}
    found = {c.check_name: c.metadata for c in corrupted.get_asset_check_evaluations()}
    assert rows(found["every_kernel_counted"]["groups"]) == [
        {"month": MONTH, "group_id": str(physics.id), "stored": 7, "counted": 2}
    ]
    assert [(row["domain_name"], row["figure"]) for row in rows(found["domains_are_sums_of_groups"]["figures"])] == [
        (DOMAIN, "kernels"), (OTHER_DOMAIN, "io_read"),
    ]  # fmt: skip
    assert failed_checks(store(service_runs)) == set()


def test_a_kernel_that_was_not_counted_is_missed(service_runs: ServiceRuns, physics: GroupData) -> None:
    store(service_runs)
    asyncio.run(service_runs.deployment.kernel(physics, **JULY))
    late = service_runs.execute("check_usage")
    assert failed_checks(late) == {"every_kernel_counted"}


def test_a_month_that_cannot_be_stored_as_a_whole_is_not_stored(service_runs: ServiceRuns, physics: GroupData) -> None:
    service_runs.rows("ALTER TABLE manager.monthly_domain_usage ADD CHECK (kernels < 3)")
    assert not store(service_runs).success
    assert versions(service_runs) == []


def test_months_are_those_of_the_time_zone(
    service_runs: ServiceRuns, physics: GroupData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUPS_TIMEZONE", "Europe/Vienna")
    night = {"created_at": datetime(2024, 7, 31, 22, 10, tzinfo=timezone.utc)}
    ends = {"terminated_at": datetime(2024, 7, 31, 22, 50, tzinfo=timezone.utc)}
    asyncio.run(service_runs.deployment.kernel(physics, **{**JULY, **night, **ends}))
    for month, kernels in ((MONTH, 4), ("2024-08-01", 1)):
        result = store(service_runs, month)
        assert failed_checks(result) == set()
        assert metadata(result)["kernels"] == kernels


def test_the_present_month_is_preliminary(service_runs: ServiceRuns) -> None:
    ((month,),) = service_runs.rows("SELECT date_trunc('month', now() AT TIME ZONE 'UTC')::date::text")
    result = store(service_runs, month)
    assert result.success
    assert failed_checks(result) == {"month_was_over"}
    assert metadata(result)["is_over"] is False


def test_many_partitions_are_one_run(service_runs: ServiceRuns, physics: GroupData) -> None:
    for asset in ("monthly_usage", "audit_summary"):
        assert build_defs().resolve_assets_def(asset).backfill_policy == BackfillPolicy.single_run()

    def execute(job: str, first: str, last: str) -> tuple[ExecuteInProcessResult, dict[str | None, dict[str, Any]]]:
        ends = dict(zip(RANGE_TAGS, (first, last), strict=True))
        result = service_runs.execute(job, tags=ends)
        events = [event.materialization for event in result.get_asset_materialization_events()]
        return result, {event.partition: {n: v.value for n, v in event.metadata.items()} for event in events}

    result, months = execute("store_monthly_usage", "2024-07-01", "2024-09-01")
    assert failed_checks(result) == set()
    assert {month: facts["kernels"] for month, facts in months.items()} == {
        "2024-07-01": 4, "2024-08-01": 0, "2024-09-01": 0,
    }  # fmt: skip
    assert {check.metadata["months"].value for check in result.get_asset_check_evaluations()} == {
        "2024-07-01, 2024-09-01"
    }
    ((day,),) = service_runs.rows("SELECT (now() AT TIME ZONE 'UTC')::date::text")
    _, days = execute("summarise_audit", str(date.fromisoformat(day) - timedelta(days=1)), day)
    assert [facts["attempts"] for facts in days.values()] == [
        0,
        3 + 3 + 2,
    ]  # groups made, months stored, history, check


def test_checks_fail_where_no_month_is_stored(service_runs: ServiceRuns) -> None:
    result = service_runs.execute("check_usage")
    assert len(failed_checks(result)) == 3


def test_s35_a_check_lists_members_who_do_not_belong(service_runs: ServiceRuns) -> None:
    def check() -> Any:
        result = service_runs.execute("check_members")
        assert result.success
        (evaluation,) = result.get_asset_check_evaluations()
        assert (evaluation.check_name, evaluation.severity.value) == ("members_belong", "WARN")
        (attempt,) = [row for row in service_runs.audit("list_stray_members") if row.run_id == result.run_id]
        assert attempt.actor == "system"
        return evaluation.passed, {name: value.value for name, value in evaluation.metadata.items()}

    group, user = service_runs.group(), service_runs.deployment.user
    members = {"mode": "add", "users": [str(user.id), str(service_runs.deployment.admin.id)]}
    assert service_runs.run("modify_group", group=str(group.id), members=members).success
    assert check() == (True, {"stray_members": 0, "are_all_counted": True, "members": "no rows"})
    service_runs.rows(f"UPDATE manager.users SET domain_name = '{OTHER_DOMAIN}' WHERE uuid = '{user.id}'")
    passed, facts = check()
    assert (passed, facts["stray_members"]) == (False, 1)
    assert rows(facts["members"]) == [
        {
            "group": f"{DOMAIN}/physics",
            "user": user.name,
            "why": f"is of {OTHER_DOMAIN}",
            "to_end_it": f"groups-platform group members {DOMAIN}/physics --remove {user.id}",
        }
    ]


def test_the_audit_log_of_a_day_is_counted(service_runs: ServiceRuns) -> None:
    group = service_runs.group()
    service_runs.run("create_group", name="physics", domain_name=DOMAIN)
    service_runs.run("delete_group", group=str(group.id), actor=f"user@{DOMAIN}")
    ((day,),) = service_runs.rows("SELECT (now() AT TIME ZONE 'UTC')::date::text")
    facts = metadata(service_runs.execute("summarise_audit", partition_key=day), "audit_summary")
    assert (facts["attempts"], facts["success"], facts["failure"], facts["denied"]) == (3, 1, 1, 1)
    counted = [(r["action"], r["status"], r["error_code"], r["attempts"]) for r in rows(facts["attempts_by_action"])]
    assert counted == [
        ("create_group", "success", "", 1),
        ("create_group", "failure", "group_name_taken", 1),
        ("delete_group", "denied", "forbidden", 1),
    ]
    empty = metadata(service_runs.execute("summarise_audit", partition_key="2024-07-01"), "audit_summary")
    assert (empty["attempts"], empty["attempts_by_action"]) == (0, "no rows")
    assert empty["summary"] == "Nothing was attempted on 2024-07-01. Nor on the 29 days before it."
    assert "no attempts" in words_of(empty["days_until_then"])


def test_a_day_without_attempts_shows_the_days_before_it(service_runs: ServiceRuns) -> None:
    for day, attempts in (("2024-07-01", 1), ("2024-07-29", 3)):
        service_runs.rows(
            "SELECT manager.record_attempt(jsonb_build_object("
            "'action_id', gen_random_uuid(), 'action', 'get_group', 'is_read', true, 'entity_type', 'group', "
            f"'actor', 'system', 'status', 'denied', 'started_at', '{day} 12:00+00', 'duration', '1 s')) "
            f"FROM generate_series(1, {attempts})"
        )
    facts = metadata(service_runs.execute("summarise_audit", partition_key="2024-07-30"), "audit_summary")
    assert facts["summary"] == (
        "Nothing was attempted on 2024-07-30. In the 30 days until then: 4 attempts on 2 days, the last on 2024-07-29."
    )
    assert rows(facts["attempts_by_day"]) == [
        {"day": "2024-07-29", "success": 0, "failure": 0, "denied": 3},
        {"day": "2024-07-01", "success": 0, "failure": 0, "denied": 1},
    ]
    assert {"1", "3", "Jul 2024", "success", "failure", "denied"} <= words_of(facts["days_until_then"])
    later = metadata(service_runs.execute("summarise_audit", partition_key="2024-07-31"), "audit_summary")
    assert len(rows(later["attempts_by_day"])) == 1, "thirty days are shown"


def test_the_schedules_are_off_and_take_what_has_just_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUPS_TIMEZONE", "Europe/Vienna")
    defs = build_defs()
    ticks = {
        "monthly_usage_schedule": (datetime(2024, 9, 30, 23, tzinfo=timezone.utc), "2024-09-01"),
        "audit_summary_schedule": (datetime(2024, 9, 30, 22, 15, tzinfo=timezone.utc), "2024-09-30"),
    }
    for name, (tick, partition) in ticks.items():
        schedule = defs.resolve_schedule_def(name)
        assert schedule.default_status.value == "STOPPED"
        assert schedule.execution_timezone == "Europe/Vienna"
        request = schedule(build_schedule_context(scheduled_execution_time=tick))
        assert request.partition_key == partition
    members = defs.resolve_schedule_def("check_members_schedule")
    assert (members.default_status.value, members.job_name) == ("STOPPED", "check_members")
    assert (members.cron_schedule, members.execution_timezone) == ("30 0 * * *", "Europe/Vienna")


def test_the_picture_has_the_largest_groups_and_escapes_their_names() -> None:
    groups = [GroupBars(f"group-{number}", number, number, 0) for number in range(30)]
    picture = draw_usage([*groups, GroupBars('<script>alert("1") & more</script>', 100, 1, 8)])
    assert "<script" not in picture
    assert "&lt;script&gt;" in picture
    assert "group-29" in picture
    assert "group-5<" not in picture
    assert "… and 11 more groups" in picture
    parse(picture)
    parse(draw_usage([]))


def test_limits_are_beside_use_the_nearest_first() -> None:
    near, over = Held(9, 10), Held(30, 20)
    groups = [GroupLimits("calm", (Held(1, 10), Held(1, None), Held(0, None)))]
    groups += [GroupLimits(f"group-{number}", (near, over, Held(1.5, None))) for number in range(20)]
    picture = draw_limits(groups)
    assert {"9 of 10", "30 of 20", "1.5, no limit", "… and 1 more groups"} <= parse(picture)
    assert "calm" not in parse(picture)
    assert (picture.count(OVER_COLOUR), picture.count(NEAR_COLOUR)) == (20, 20)
    parse(draw_limits([]))


def test_curves_have_every_month_and_break_where_nothing_is_known() -> None:
    months = [date(2023 + number // 12, number % 12 + 1, 1) for number in range(24)]
    curve = Curve("all & <everything>", [None if number == 9 else 1e6 * number for number in range(24)])
    picture = draw_months(months, [Panel("CPU hours", [curve, Curve("limit", [None] * 24, is_limit=True)])])
    assert {"CPU hours", "all & <everything>", "2023", "2024", "Dec", "30M"} <= parse(picture)
    assert picture.count("<circle") == 23 + 2 * 2  # months, and the ends of lines in the legend
    (line,) = re.findall(r'd="(M[^"]*M[^"]*)"', picture)
    assert len(re.findall("[ML]", line)) == 23
    parse(draw_months(months[:1], [Panel("CPU", [Curve("all", [0.0])])]))


@pytest.mark.parametrize(
    ("largest", "ticks"),
    [
        (0, [0, 1]),
        (1, [0, 0.25, 0.5, 0.75, 1]),
        (7, [0, 2, 4, 6, 8]),
        (164, [0, 50, 100, 150, 200]),
        (1e6, [0, 2.5e5, 5e5, 7.5e5, 1e6]),
    ],
)
def test_axes_have_round_amounts(largest: float, ticks: list[float]) -> None:
    assert ticks_to(largest) == ticks
    assert ticks_to(1, smallest_step=1) == [0, 1]


def parse(picture: str) -> set[str]:
    """The texts of a picture, which is XML."""
    root = ElementTree.fromstring(picture)
    assert root.tag.endswith("svg")
    return {element.text or "" for element in root.iter() if element.tag.endswith("text")}


def words_of(markdown: str) -> set[str]:
    """The texts and the group names of a picture in Markdown."""
    encoded = re.fullmatch(r"!\[[a-z ]+\]\(data:image/svg\+xml;base64,([^)]+)\)", markdown)
    assert encoded
    texts = parse(base64.b64decode(encoded[1]).decode())
    return texts | {name.rpartition("/")[2] for name in texts}
