"""A figure of usage has the same name wherever it is computed, stored and answered; a forgotten one fails here."""

from __future__ import annotations

from dataclasses import fields

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from groups_platform.database.sql_files import read_statement
from groups_platform.group_service.types.usage import FIGURES, FRACTIONAL, UNITS, Figures, GroupUsage
from groups_platform.orchestration.group_service.assets import USAGE_COLUMNS
from groups_platform_tests.group_service.deployment import Deployment
from groups_platform_tests.group_service.test_usage_model import END, START

NO_FIGURES = {"month", "domain_name", "group_id", "group_name", "groups", "kernels"}
# What stands beside the figures of a month: of groups, and of domains, whose groups' peaks do not add up.
BESIDE = {"kernel_time", "peak_cpu", "peak_mem", "peak_gpu", "total_resource_slots"}


def test_figures_of_groups_are_those_of_kernels_with_g_before_them() -> None:
    own = {field.name: field.type for field in fields(GroupUsage) if field.name.removeprefix("g_") in FIGURES}
    assert own == {f"g_{field.name}": field.type for field in fields(Figures)}
    assert set(UNITS) == set(FIGURES)
    assert set(FIGURES) > FRACTIONAL == {"cpu_allocated", "cpu_used", "gpu_allocated"}


async def test_statements_and_tables_have_every_figure(engine: AsyncEngine, deployment: Deployment) -> None:
    period = {"start": START, "end": END, "group_ids": [], "live": "{}", "by_session": False, "listed": 1}
    async with engine.connect() as connection:
        for name in ("usage_totals", "usage_kernels"):
            rows = await connection.execute(read_statement(f"manager/{name}"), period)
            assert set(rows.keys()) >= set(FIGURES), name
        columns = {
            table: set((await connection.execute(text(f"SELECT * FROM manager.{table}"))).keys())
            for table in ("monthly_usage", "monthly_domain_usage")
        }
    assert columns["monthly_usage"] - NO_FIGURES - BESIDE == set(FIGURES)
    assert columns["monthly_domain_usage"] - NO_FIGURES - {"kernel_time"} == set(FIGURES) - {"device_type"}
    assert set(USAGE_COLUMNS) == columns["monthly_usage"]
