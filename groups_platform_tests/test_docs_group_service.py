"""What docs/group-service.md says to other teams: its code runs, and its tables leave nothing out."""

from __future__ import annotations

import asyncio
import inspect
import os
import re
import runpy
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import datetime, timezone
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from groups_platform.cli import cli
from groups_platform.group_service import actions
from groups_platform.group_service import group_service as open_service
from groups_platform.group_service.actions import SearchGroupsAction
from groups_platform.group_service.clients.config import ManagerConfigProvider
from groups_platform.group_service.errors import GroupServiceError
from groups_platform.group_service.repositories.audit_archive import SCHEMA
from groups_platform.group_service.services.group.actions.base import BaseAction
from groups_platform.group_service.services.group.processor import _interrupted
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.user import UserRole
from groups_platform.settings import PACKAGE, Settings

ROOT = PACKAGE.parent
PAGE = (ROOT / "docs" / "group-service.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FRAME = """
import asyncio
from groups_platform.group_service import group_service

async def main():
    async with group_service(actor="ann.lee@example.com") as service:
{}

asyncio.run(main())
"""
NEVER = {"group_service_error", "object_not_found", "vfolder_host_not_allowed"}  # bases, and what no action gives


def rows(heading: str) -> Iterator[list[str]]:
    """The cells of the tables below a heading, without their head."""
    section = re.split(r"^#+ ", PAGE.partition(f"# {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    for line, below in pairwise([*lines, ""]):
        if not line.startswith("|---") and not below.startswith("|---"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def code_of(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.fixture
def empty(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty database, in whose log is one read of a month that can be archived; a folder to work in."""
    for name in [name for name in os.environ if name.startswith("GROUPS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GROUPS_HOME", str(tmp_path))
    monkeypatch.setenv("GROUPS_DATABASE_URL", database_url)
    monkeypatch.chdir(tmp_path)

    async def search_last_december() -> None:
        async with open_service() as service:
            object.__setattr__(service.processor, "clock", lambda: datetime(2025, 12, 1, tzinfo=timezone.utc))
            assert (await service.search_groups(SearchGroupsAction())).success

    asyncio.run(search_last_december())


def run_commands(block: str, capfd: pytest.CaptureFixture[str]) -> str:
    """What the commands print: in this process, but where a shell has to feed them."""
    if "<<" in block:
        command = f'groups-platform() {{ {shlex.quote(sys.executable)} -m groups_platform "$@"; }}'
        subprocess.run(["bash", "-euo", "pipefail", "-c", f"{command}\n{block}"], check=True, timeout=300)
        return capfd.readouterr().out
    printed = ""
    for line in block.splitlines():
        _, *words = shlex.split(line)
        result = CliRunner().invoke(cli, words)
        assert result.exit_code == 0, result.output
        printed += result.output
    return printed


def run_python(block: str, script: Path, capfd: pytest.CaptureFixture[str]) -> str:
    """What a program prints, or a piece of one in the frame that the page names."""
    script.write_text(block if "asyncio.run" in block else FRAME.format(textwrap.indent(block, " " * 8)), "utf-8")
    runpy.run_path(str(script), run_name="__main__")
    return capfd.readouterr().out


@pytest.mark.usefixtures("empty")
def test_s25_the_page_runs_on_an_empty_database(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    parts = [
        "ben.ito@example.com", "GroupData(", "lab/crystals", "4 cores", "Every member is an active user",
        "('crystals', (UUID(", "()", "{'crystals': 2}", "modify_group", "audit_log-2025-12-1-",
        "'search_groups'", "'kernels': 1", "approve_purge",
    ]  # fmt: skip
    blocks = [(language, code) for language, code in BLOCK.findall(PAGE) if language in ("bash", "python")]
    for (language, code), part in zip(blocks, parts, strict=True):
        is_python = language == "python"
        printed = run_python(code, tmp_path / "program.py", capfd) if is_python else run_commands(code, capfd)
        assert part in printed, code


def every_class(kind: type[GroupServiceError]) -> Iterator[type[GroupServiceError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from every_class(below)


def test_s31_every_code_is_on_the_page_and_comes_as_it_says() -> None:
    said = {code: cells[3] for cells in rows("Errors") for code in code_of(cells[0])}
    errors = [
        kind for kind in every_class(GroupServiceError) if "code" in vars(kind) and hasattr(actions, kind.__name__)
    ]
    codes = {kind.code: "raised" if kind.is_raised else "result" for kind in errors}
    assert len(codes) > 35
    in_log = {_interrupted(error).code: "log" for error in (ValueError(), asyncio.CancelledError())}
    assert said == codes | in_log | dict.fromkeys(NEVER, "never")


def test_s19_the_matrix_has_every_action_and_who_may_not() -> None:
    columns = [(UserRole.SUPERADMIN,), (UserRole.ADMIN,), (UserRole.MONITOR,), (UserRole.USER,)]
    said = {
        name: {role for (role,), cell in zip(columns, cells[1:], strict=True) if cell != "–"}
        for cells in rows("Who acts, and who may do what")
        for name in code_of(cells[0])
    }
    methods = {
        name: inspect.signature(method).parameters for name, method in vars(GroupService).items() if callable(method)
    }
    kinds: dict[str, type[BaseAction]] = {
        name: parameters["action"].annotation
        for name, parameters in methods.items()
        if list(parameters) == ["self", "action"]
    }
    may = {name: set(kind.access.value) for name, kind in kinds.items()}
    may["list_purge_requests"] -= {UserRole.USER}  # its handler refuses them
    assert said == may


def test_s26_the_settings_of_the_service_are_on_the_page() -> None:
    said = {name for cells in rows("Settings") for name in code_of(cells[0])}
    read = inspect.getsource(ManagerConfigProvider.from_settings) + inspect.getsource(open_service)
    used = {*re.findall(r"settings\.(\w+)", read), "home", "database_url"} & Settings.model_fields.keys()
    assert said == {str(Settings.model_fields[name].validation_alias) for name in used}


def test_s29_the_columns_of_the_archive_are_on_the_page() -> None:
    assert {name for cells in rows("The audit log") for name in code_of(cells[0])} == set(SCHEMA.names)
