"""The site: its pages from the code leave nothing out, its links lead somewhere in both places, nothing is fetched."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest

from groups_platform.definitions import defs
from groups_platform.directory.findings import FindingCode
from groups_platform.settings import PACKAGE, Settings
from groups_platform_tests.command_tree import COMMANDS

ROOT = PACKAGE.parent
DOCS = ROOT / "docs"
CODE = re.compile(r"^### `(\w+)`\n\n(.+)\n\n\*\*What to do\.\*\* (.+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "site" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages(generate: ModuleType) -> dict[str, str]:
    return {Path(name).stem: write() for name, write in generate.PAGES.items()}


def codes_in(source: Path) -> set[str]:
    """The values of `code` in the bodies of classes."""
    bodies = [node.body for node in ast.walk(ast.parse(source.read_text("utf-8"))) if isinstance(node, ast.ClassDef)]
    values = [
        statement.value.value
        for body in bodies
        for statement in body
        if isinstance(statement, ast.Assign)
        and [ast.unparse(target) for target in statement.targets] == ["code"]
        and isinstance(statement.value, ast.Constant)
    ]
    return {str(value) for value in values}


def test_every_error_code_is_there_with_its_meaning_and_what_to_do(pages: dict[str, str]) -> None:
    told = {code: (about, to_do) for code, about, to_do in CODE.findall(pages["errors"])}
    known = set().union(*(codes_in(source) for source in PACKAGE.rglob("*.py"))) - {"platform_error"}
    assert known <= told.keys()
    assert len(pages["errors"].split("\n### ")) - 1 == len(CODE.findall(pages["errors"]))  # none without an advice
    assert all(part.endswith(".") for parts in told.values() for part in parts)


def test_every_finding_code_is_there(pages: dict[str, str]) -> None:
    assert re.findall(r"^\| `(\w+)` \|", pages["findings"], re.MULTILINE) == [code.value for code in FindingCode]


def test_every_setting_is_there(pages: dict[str, str]) -> None:
    named = re.findall(r"^## `(\w+)`$", pages["settings"], re.MULTILINE)
    assert named == [str(field.validation_alias) for field in Settings.model_fields.values()]


def test_every_command_is_there_with_its_options(pages: dict[str, str]) -> None:
    sections = dict(re.findall(r"^##+ ([\w -]+)\n(.*?)(?=^##|\Z)", pages["commands"], re.MULTILINE | re.DOTALL))
    for words, command in COMMANDS.items():
        section = sections[" ".join(words)]
        options = [name for option in command.params if isinstance(option, click.Option) for name in option.opts]
        assert [name for name in options if name not in section] == []


def test_every_asset_check_and_job_is_there(pages: dict[str, str]) -> None:
    graph = defs.resolve_asset_graph()
    page = pages["assets"]
    for node in graph.asset_nodes:
        section = page.partition(f"### {node.key.to_user_string()}\n")[2].partition("\n### ")[0]
        named = set(re.findall(r"^\| `(\w+)` \| (?:yes|no) \| .+\. \|$", section, re.MULTILINE))
        assert {key.name for key in node.check_keys} <= named
    repository = defs.get_repository_def()
    started = {job.name for job in repository.get_all_jobs() if not job.name.startswith("__")}
    started |= {thing.name for thing in (*repository.schedule_defs, *repository.sensor_defs)}
    assert {name for name in started if f"| `{name}` |" not in page} == set()


def test_what_is_shown_is_text_and_not_tags(pages: dict[str, str]) -> None:
    for name, page in pages.items():
        prose = re.sub(r"^```.*?^```$|`[^`]*`", "", page, flags=re.MULTILINE | re.DOTALL)
        assert "<" not in prose, name


def test_the_index_of_decisions_names_each() -> None:
    index = (DOCS / "decisions" / "README.md").read_text("utf-8")
    assert re.findall(r"\]\((0\S+)\)", index) == sorted(path.name for path in (DOCS / "decisions").glob("0*.md"))


def test_the_site_names_nothing_to_fetch() -> None:
    sources = [path for path in (DOCS / "site").iterdir() if path.suffix in (".yml", ".css", ".js")]
    assert [path.name for path in sources if re.search(r"https?://|@import", path.read_text("utf-8"))] == []


@pytest.mark.parametrize("picture", sorted((DOCS / "pictures").glob("*.png")), ids=lambda path: path.name)
def test_a_picture_is_small_and_is_shown(picture: Path) -> None:
    assert picture.stat().st_size <= 200_000
    shown: Any = [path for path in (ROOT / "README.md", *DOCS.rglob("*.md")) if picture.name in path.read_text("utf-8")]
    assert shown
