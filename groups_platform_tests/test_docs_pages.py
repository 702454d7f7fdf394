"""The tutorial and the how-to pages: their commands run in their order, and print what the pages show of it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

from groups_platform.database import embedded
from groups_platform.settings import PACKAGE

ROOT = PACKAGE.parent
DOCS = ROOT / "docs"
RUN = ["tutorial.md", "how-to/own-data.md", "how-to/held-day.md", "how-to/replay.md"]

BLOCK = re.compile(
    r"(?P<fails><!-- exits 1 -->\n\n)?^```bash\n(?P<code>.*?)^```$(?:\n\n^```text\n(?P<shown>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)
RECIPE = re.compile(r"^(\w+): .*\n\t@\$\(BIN\)/(groups-platform .*)$", re.MULTILINE)
FRAME = re.compile(r"[\s\u2500-\u257f]+")  # spaces, line breaks, and what tables and trees are drawn with
END = "@@@ faults:"


class Block(NamedTuple):
    """Commands, what the page shows of their output, and whether one of them fails."""

    code: str
    shown: str
    fails: bool


def blocks_of(page: str) -> list[Block]:
    text = (DOCS / page).read_text("utf-8")
    return [Block(found["code"], found["shown"] or "", bool(found["fails"])) for found in BLOCK.finditer(text)]


def plain(text: str) -> str:
    return FRAME.sub(" ", text).strip()


def missing(shown: str, printed: str) -> str | None:
    """The first part between two «…» that is not in the output, or not in that order."""
    printed, at = plain(printed), 0
    for part in filter(None, map(plain, shown.split("…"))):
        at = printed.find(part, at)
        if at < 0:
            return part
        at += len(part)
    return None


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that the user whom Postgres runs as may enter, with a home for the platform."""
    with TemporaryDirectory(prefix="groups-platform-docs-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        try:
            yield folder
        finally:
            for home in (folder / "home", folder / "my-home"):
                if home.exists():
                    embedded.stop_embedded(home)


def run(blocks: list[Block], folder: Path) -> list[tuple[str, int]]:
    """What each block prints, and how many of its commands fail; all in one shell, for what they export."""
    made = [f"  {target}) {recipe} ;;" for target, recipe in RECIPE.findall((ROOT / "Makefile").read_text("utf-8"))]
    script = [
        f'groups-platform() {{ {shlex.quote(sys.executable)} -m groups_platform "$@"; }}',
        'make() { case "$1" in', *made, "esac; }",
        "trap 'faults=$((faults + 1))' ERR",
    ]  # fmt: skip
    for block in blocks:
        script += ["faults=0", block.code, f'echo; echo "{END} $faults"']
    env = {name: value for name, value in os.environ.items() if not name.startswith(("GROUPS_", "SPARK_"))}
    said = subprocess.run(
        ["bash", "-uo", "pipefail", "-c", "\n".join(script)],
        cwd=folder,
        env={**env, "GROUPS_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=900,
    ).stdout
    *parts, _ = re.split(rf"{END} (\d+)\n", said)
    return [(printed, int(faults)) for printed, faults in zip(parts[::2], parts[1::2], strict=True)]


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN)
def test_the_page_runs_and_prints_what_it_shows(page: str, folder: Path) -> None:
    blocks = blocks_of(page)
    for block, (printed, faults) in zip(blocks, run(blocks, folder), strict=True):
        assert bool(faults) is block.fails, f"{block.code}\n{printed}"
        assert missing(block.shown, printed) is None, f"{block.code}\n{printed}"


@pytest.mark.parametrize("page", RUN)
def test_every_block_of_commands_is_run(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    assert len(blocks_of(page)) == text.count("```bash\n") >= 1
    assert sum(bool(block.shown) for block in blocks_of(page)) == text.count("```text\n")


def test_output_is_compared_by_its_words_in_their_order() -> None:
    printed = "┏━━┳━━┓\n┃ a ┃ b ┃\n└── c of\n3"
    assert missing("a  b\n…\nc of 3", printed) is None
    assert missing("…\nc of 3\n…\n", printed) is None
    assert missing("c\n…\na", printed) == "a"
    assert missing("a\nc", printed) == "a c"
