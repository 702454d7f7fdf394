"""What the pages name is there: numbers of the contract, links, commands, make targets, files."""

from __future__ import annotations

import ast
import io
import re
import shlex
import textwrap
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from groups_platform.cli import cli
from groups_platform.settings import PACKAGE, Settings

ROOT = PACKAGE.parent
CONTRACT = ROOT / "docs" / "contract.md"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

DEFINITION = re.compile(r"^- \*\*([DSPM]\d{1,2})\*\* ", re.MULTILINE)
REFERENCE = re.compile(r"\b[DSPM]\d{1,2}\b")
TEST_NAME = re.compile(r"test((?:_(?:to_)?[dspm]\d{1,2})+)_")
SQL_COMMENT = re.compile(r"'(?:[^']|'')*'|(--[^\n]*|/\*.*?\*/)", re.DOTALL)  # what is quoted is no comment

FENCED = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?<![\w-])groups-platform(?: ([^#|)\n]*))?(?![\w\[-])")
MAKE = re.compile(r"(?<![\w-])make(?: \w+=\S+)* ([a-z][a-z-]*)")
TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
FILE = re.compile(r"(?:[\w*-]+/)*[\w*-]+\.(?:py|sql)|(?:[\w*-]+/)+")
FOLDER_ELSEWHERE = re.compile(r"(sync-\w+|admin_groups|agents|agent_details|scope)/")  # of sources and foreign columns


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def code_of(page: str) -> list[str]:
    """The code of a page: the lines of its blocks without comments, and what stands in backticks."""
    lines = [line.split(" #", 1)[0] for block in FENCED.findall(page) for line in block.splitlines()]
    return [*lines, *INLINE.findall(FENCED.sub("", page))]


# The numbers of the contract


def prose_of_python(source: str) -> Iterator[str]:
    """Comments, docstrings (also those of attributes), and the numbers in the names of tests."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and (name := TEST_NAME.match(node.name)):
            yield name[1].upper().replace("_", " ")


def prose_of_sql(source: str) -> Iterator[str]:
    yield from filter(None, SQL_COMMENT.findall(source))


def references(source: str, suffix: str) -> set[str]:
    """The numbers of the contract that Python or SQL refers to."""
    prose = prose_of_python(source) if suffix == ".py" else prose_of_sql(source)
    return {number for text in prose for number in REFERENCE.findall(text)}


def test_the_contract_defines_each_number_once_and_leaves_none_out() -> None:
    numbers = DEFINITION.findall(read(CONTRACT))
    counts = Counter(number[0] for number in numbers)
    assert numbers == [f"{letter}{n}" for letter, count in counts.items() for n in range(1, count + 1)]
    assert counts.keys() >= {"D", "S"}


@pytest.mark.parametrize("folder", ["groups_platform", "groups_platform_tests", "sql"])
def test_code_refers_to_numbers_that_the_contract_defines(folder: str) -> None:
    files = [path for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".sql")]
    referred = {(number, shown(path)) for path in files for number in references(read(path), path.suffix)}
    assert referred
    defined = set(DEFINITION.findall(read(CONTRACT)))
    assert sorted(place for place in referred if place[0] not in defined) == []


def test_references_are_found_in_prose_and_in_names_of_tests_only() -> None:
    python = textwrap.dedent(
        '''
        """A module (D1)."""
        STORE = "D90 s3://bucket"  # S2: in s3://bucket, never with SQLSTATE 40P01 or /M12x
        class A:
            x = f"{STORE} D91"
            """P3 of an attribute."""
        async def test_s4_d5_a_thing(m92: int) -> None:
            """M6 and D7."""
        def test_d8_to_d14_a_history() -> None: ...
        def test_s93x_d94() -> None: ...
        def s95_to_s96() -> None: ...
        '''
    )
    assert references(python, ".py") == {"D1", "S2", "P3", "S4", "D5", "M6", "D7", "D8", "D14"}
    assert references("SELECT 'D90 -- D91' -- the group's D1\n, 1 /* S2,\nP3 */ AS \"D92\"", ".sql") == {
        "D1",
        "S2",
        "P3",
    }


# Links


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", read(page)), re.MULTILINE)
    slugs = [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]
    return {slug if not (seen := slugs[:at].count(slug)) else f"{slug}-{seen}" for at, slug in enumerate(slugs)}


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in LINK.findall(INLINE.sub("", FENCED.sub("", read(page)))):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if ":" not in link and not (target.exists() and (not anchor or anchor in anchors(target))):
            broken.append(link)
    assert broken == []


# Commands and targets


def fault_of_command(words: list[str]) -> str | None:
    """Why `groups-platform` does not take these words. An argument may be missing: a page may name a command only."""
    command: click.Command = cli
    context = click.Context(cli, info_name="groups-platform")
    try:
        while isinstance(command, click.Group):
            _, words, _ = command.make_parser(context).parse_args(words)
            if not words:
                return None
            name, found, words = command.resolve_command(context, words)
            assert found is not None  # or resolve_command has raised
            command, context = found, click.Context(found, info_name=name, parent=context)
        if "--help" not in words:
            command.make_context(context.info_name, words, parent=context.parent)
    except click.MissingParameter:
        pass
    except click.UsageError as error:
        return error.format_message()
    return None


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_commands_exist_and_take_their_options(page: Path) -> None:
    commands = [found[1] or "" for code in code_of(read(page)) for found in COMMAND.finditer(code)]
    faults = {words: fault_of_command(shlex.split(words)) for words in commands}
    assert {words: fault for words, fault in faults.items() if fault} == {}


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_make_targets_exist(page: Path) -> None:
    named = {target for code in code_of(read(page)) for target in MAKE.findall(code)}
    assert named <= set(TARGET.findall(read(ROOT / "Makefile")))


def test_the_readme_names_commands_and_targets_that_these_tests_see() -> None:
    code = code_of(read(ROOT / "README.md"))
    assert sum(len(COMMAND.findall(line)) for line in code) >= 10
    assert {"demo", "dev", "test", "lint"} <= {target for line in code for target in MAKE.findall(line)}


@pytest.mark.parametrize(
    ("words", "is_right"),
    [
        ("", True),
        ("--help", True),
        ("-v sync --all", True),
        ("group", True),
        ("group create --help", True),
        ("group purge", True),
        ("db psql -- -c 'SELECT 1'", True),
        ("nothing", False),
        ("-v nothing", False),
        ("group nothing", False),
        ("sync --nothing", False),
        ("tree --limit x", False),
        ("usage month 202410 --detail=5", False),
    ],
)
def test_a_command_that_does_not_exist_is_found(words: str, is_right: bool) -> None:
    assert (fault_of_command(shlex.split(words)) is None) is is_right


# Files


def exists(name: str) -> bool:
    """Whether a page's name of a file or folder, a pattern perhaps, stands for something.

    With a folder in it the name is relative to the repository or the package; a file's name alone may be anywhere.
    """
    if "/" in name:
        return any(next(top.glob(name.rstrip("/")), None) for top in (PACKAGE, ROOT))
    return any(next(top.rglob(name), None) for top in (PACKAGE, ROOT / "sql", ROOT / "benchmarks"))


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_files_and_folders_exist(page: Path) -> None:
    code = INLINE.findall(FENCED.sub("", read(page)))
    named = {name for name in code if FILE.fullmatch(name) and not FOLDER_ELSEWHERE.fullmatch(name)}
    assert sorted(name for name in named if not exists(name)) == []


# Settings


@pytest.mark.parametrize("page", ["README.md", "docs/operations.md"])
def test_settings_are_all_there_and_no_others(page: str) -> None:
    section = read(ROOT / page).partition("\n## Settings\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(?:\$)?((?:GROUPS|SPARK)_[A-Z_]+)", section))
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    left_out = {"JAVA_HOME", "SPARK_CONNECT_AUTHENTICATE_TOKEN"} if page == "README.md" else {"JAVA_HOME"}
    assert named == known - left_out
