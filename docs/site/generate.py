"""The pages of the site that come from the code: settings, commands, error codes, finding codes, assets and checks.

Each function returns a page in Markdown. Nothing of it is stored in the repository; `hooks.py`
hands the pages to mkdocs.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from textwrap import dedent
from typing import Any, Final

import click

import groups_platform
from groups_platform.errors import PlatformError
from groups_platform.settings import Settings

DOCS: Final = Path(__file__).resolve().parents[1]
BESIDE: Final = re.compile(r"\]\((?![a-z]+:|#)")  # a link to another page; HERE: to the page itself
HERE: Final = re.compile(r"\]\(#")
WHAT_TO_DO: Final = "What to do: "
NUMBER: Final = re.compile(r"\b([DSPM]\d{1,2})\b")  # of the contract
DEFAULT: Final = re.compile(r"(.*) \(([^()]*)\)")

# What the command line answers besides, in JSON, where no exception of the platform says why.
OF_THE_COMMAND_LINE: Final = {
    "usage_error": ("The command does not exist, or does not take these words.", "Read its `--help`. It exits 2."),
    "failed": ("The command has said why before it ended.", "Read its messages on standard error."),
    "aborted": ("Somebody stopped the command.", "Run it again if you still want it."),
    "internal_error": ("A fault of the platform.", "Report it with the whole message."),
}
NEVER: Final = "Nothing: it never comes by itself"
SECTIONS: Final = {
    "errors": "Directory and platform",
    "cli": "Command line",
    "group_service": "Group service",
}


def line(text: object) -> str:
    """Text as Markdown in one line: no tags but in code, and numbers of the contract as links."""
    parts = " ".join(str(text).split()).split("`")
    parts[::2] = [NUMBER.sub(_link, part.replace("<", "&lt;")) for part in parts[::2]]
    return "`".join(parts)


def _link(number: re.Match[str]) -> str:
    return f"[{number[0]}](../contract.md#{number[0].lower()})"


def cell(text: object) -> str:
    """The same for a cell of a table, where a bar would end it."""
    return line(text).replace("|", "\\|")


def table(head: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    """A table in Markdown; the cells are Markdown already."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


def first(text: str | None) -> str:
    """The first paragraph of a text."""
    return inspect.cleandoc(text or "").split("\n\n")[0]


def sentence(text: str) -> str:
    """The text with a capital and a full stop."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if not text or text.endswith((".", "…")) else ".")


# Settings


def settings_page() -> str:
    """Every environment variable that the platform reads."""
    page = [
        "# Settings\n",
        "All are environment variables, and optional. A value that makes no sense ends the command with a sentence "
        "that says what to write. [Operations](../operations.md#settings) says more of what they do.\n",
    ]
    for field in Settings.model_fields.values():
        found = DEFAULT.fullmatch(field.description or "")
        about, default = (found[1], found[2]) if found else (field.description or "", "none")
        lines = [f"## `{field.validation_alias}`\n", line(sentence(about)) + "\n", f"- **Default:** {line(default)}"]
        if field.examples:
            lines.append(f"- **Write:** {line(field.examples[0])}")
        if "SecretStr" in str(field.annotation):
            lines.append("- It may hold a secret, and is shown nowhere.")
        page.append("\n".join(lines) + "\n")
    return "\n".join(page)


# Commands


def commands_page() -> str:
    """Every command with its help and its options."""
    from groups_platform.cli import cli  # noqa: PLC0415

    return (
        "# Commands\n\nThe same text as `--help` gives. `groups-platform` is `.venv/bin/groups-platform` of the "
        "repository, or the command that the package installs.\n\n"
        "Every command but `demo`, `dev` and `db psql` takes `--json`, every listing `--csv`. The exit code is 0, "
        "1 for a failure, 2 for wrong usage.\n\n"
        + "\n".join(_commands(cli, click.Context(cli, info_name="groups-platform"), 2))
    )


def _commands(group: click.Group, context: click.Context, depth: int) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.commands[name]
        below = click.Context(command, info_name=name, parent=context)
        yield _command(command, below, depth)
        if isinstance(command, click.Group):
            yield from _commands(command, below, depth + 1)


def _command(command: click.Command, context: click.Context, depth: int) -> str:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    options = [
        (f"`{record[0]}`", cell(record[1]))
        for parameter in command.get_params(context)
        if (record := parameter.get_help_record(context)) and record[1] and "--help" not in parameter.opts
    ]
    parts = [
        f"{'#' * depth} {context.command_path.partition(' ')[2]}\n",
        f"```\n{usage}\n```\n",
        prose(command.help) + "\n",
        table(("option", "what it does"), options) if options else "",
    ]
    return "\n".join(part for part in parts if part)


def prose(text: str | None) -> str:
    """Paragraphs as Markdown; those that begin with \\b, click's mark, keep their lines."""
    paragraphs = [
        f"```\n{dedent(lines[2:])}\n```" if lines.startswith("\b\n") else line(lines)
        for lines in inspect.cleandoc(text or "").split("\n\n")
    ]
    return "\n\n".join(paragraphs)


# Error codes


def every_error() -> dict[str, list[type[PlatformError]]]:
    """The errors that have a code of their own, by the part of the package that defines them."""
    for module in pkgutil.walk_packages(groups_platform.__path__, "groups_platform."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found: dict[str, list[type[PlatformError]]] = {}
    for kind in _below(PlatformError):
        if "code" in vars(kind):
            found.setdefault(kind.__module__.split(".")[1], []).append(kind)
    return {part: sorted(kinds, key=lambda kind: kind.code) for part, kinds in found.items()}


def _below(kind: type[PlatformError]) -> Iterator[type[PlatformError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def meaning(kind: type[PlatformError]) -> tuple[str, str]:
    """What an error means and what to do, as its docstring says."""
    text, _, to_do = inspect.cleandoc(kind.__doc__ or "").partition(WHAT_TO_DO)
    return first(text), " ".join(to_do.split())


def advice_of_the_pages() -> dict[str, str]:
    """Code → what to do, as the tables under «Errors» of the pages say; links are from the folder of the reference."""
    advice = {}
    for page in sorted(DOCS.glob("*.md")):
        section = page.read_text(encoding="utf-8").partition("\n## Errors\n")[2].partition("\n## ")[0]
        for row in re.findall(r"^\| `(\w+)` \|[^|]*\| ([^|]*) \|", section, re.MULTILINE):
            is_base = row[1] == "–"  # a class that only others derive from
            advice[row[0]] = NEVER if is_base else HERE.sub(f"](../{page.name}#", BESIDE.sub("](../", row[1]))
    return advice


def errors_page() -> str:
    """Every code, what it means and what to do."""
    advice = advice_of_the_pages()
    page = [
        "# Error codes\n",
        "An error is one sentence for people, and a code with facts for programs. The sentence names the day, the file "
        "or the group and says what to do; here is what each code means in general. With `--json` a command answers "
        '`{"success": false, "error": {"code": "…", "message": "…", "facts": {…}}, …}`. A failed run in the UI has the '
        "same code in its metadata. Findings are about records and have [codes of their own](findings.md).\n",
    ]
    for part, kinds in sorted(every_error().items(), key=lambda item: (*SECTIONS, item[0]).index(item[0])):
        page.append(f"## {SECTIONS.get(part, part.capitalize())}\n")
        for kind in kinds:
            about, to_do = meaning(kind)
            page.append(
                _code(kind.code, line(about), line(sentence(to_do)) if to_do else sentence(advice.get(kind.code, "")))
            )
        if part == "cli":
            page += [_code(code, *said) for code, said in OF_THE_COMMAND_LINE.items()]
        if part == "group_service":
            page.append(
                "[The page for other teams](../group-service.md#errors) says which are raised, and what is repeated.\n"
            )
    return "\n".join(page)


def _code(code: str, about: str, to_do: str) -> str:
    return f"### `{code}`\n\n{about}\n\n**What to do.** {to_do}\n"


# Finding codes


def findings_page() -> str:
    """Every finding code, by what it is about."""
    from groups_platform.directory.findings import FindingCode  # noqa: PLC0415

    consequence = {
        ("error", "record"): "the record is not loaded",
        ("error", "element"): "the element is dropped, the record is loaded",
        ("error", "edge"): "waits until both ends are known",
        ("warning", "edge"): "is loaded, and should be looked at",
    }
    rows = [
        (f"`{code.value}`", code.severity, cell(code.meaning), consequence[code.severity, code.subject])
        for code in FindingCode
    ]
    return (
        "# Finding codes\n\n"
        "A finding is something that a person should know about a record, an element of one, or an edge between groups "
        "and agents. One record can have several. `groups-platform findings --day day2` lists those of a day, with "
        "file, position and text; in SQL they are the table `findings`. "
        "[The sample data](../sample-data.md#expected-result) has an example of each.\n\n"
        + table(("code", "severity", "it says", "what becomes of it"), rows)
    )


# Assets and checks


def assets_page() -> str:
    """Every asset of Dagster with its checks, and what starts runs."""
    from groups_platform.definitions import defs  # noqa: PLC0415

    graph = defs.resolve_asset_graph()
    page = [
        "# Assets and checks\n",
        "What Dagster shows. A blocking check that fails stops the day before anything is applied, or undoes its "
        "transaction; any other warns. `groups-platform checks` runs those of the tables on the newest applied day.\n",
    ]
    assets = sorted(graph.asset_nodes, key=lambda node: (node.group_name, str(node.key)))
    for group, nodes in groupby(assets, key=lambda node: node.group_name):
        page.append(f"## {group}\n")
        for asset in nodes:
            page.append(f"### {asset.key.to_user_string()}\n\n{prose(asset.description)}\n")
            specs = [graph.get_check_spec(key) for key in sorted(asset.check_keys)]
            rows = [(f"`{s.name}`", "yes" if s.blocking else "no", cell(sentence(s.description or ""))) for s in specs]
            page.append(table(("check", "blocking", "it promises"), rows) if rows else "")
    repository = defs.get_repository_def()
    page.append("## Jobs, schedules and sensors\n")
    started: list[tuple[str, Any]] = [
        *(("job", job) for job in repository.get_all_jobs() if not job.name.startswith("__")),
        *(("schedule", schedule) for schedule in repository.schedule_defs),
        *(("sensor", sensor) for sensor in repository.sensor_defs),
    ]
    rows_of = [(f"`{thing.name}`", kind, cell(first(thing.description))) for kind, thing in started]
    page.append(table(("name", "kind", "what it does"), sorted(rows_of, key=lambda row: (row[1], row[0]))))
    return "\n".join(page)


PAGES: Final[dict[str, Callable[[], str]]] = {
    "reference/settings.md": settings_page,
    "reference/commands.md": commands_page,
    "reference/errors.md": errors_page,
    "reference/findings.md": findings_page,
    "reference/assets.md": assets_page,
}
