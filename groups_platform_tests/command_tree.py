"""Every command of the command line, and what a caller reads of it, so that tests cover new commands by themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import click
from click.testing import CliRunner, Result

from groups_platform.cli import cli

ENVELOPE = {"success", "data", "error", "warnings", "action_id"}

VALUES = {
    "YYYY-MM": "2024-01",
    "USER": "ada@example.com",
    "FILE": "/dev/null",
    "RULE": "1",
}  # of types that are the platform's own, by metavar

Words = tuple[str, ...]


def commands(group: click.Group = cli, *path: str) -> Iterator[tuple[Words, click.Command]]:
    """The commands that do something, with the words that call them."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield (*path, name), command


COMMANDS = dict(commands())


def has(command: click.Command, option: str) -> bool:
    return any(option in parameter.opts for parameter in command.params)


def words_for(command: click.Command, *left_out: click.Parameter) -> list[str]:
    """Values for what the command requires, of the right type."""
    words = []
    for parameter in command.params:
        if parameter.required and parameter not in left_out:
            value = _value_for(parameter)
            words += [parameter.opts[0], value] if isinstance(parameter, click.Option) else [value]
    return words


def _value_for(parameter: click.Parameter) -> str:
    if isinstance(parameter.type, click.Choice):
        return str(parameter.type.choices[0])
    if isinstance(parameter.type, (click.types.IntParamType, click.IntRange)):
        return "1"
    if isinstance(parameter.type, click.types.UUIDParameterType):
        return str(UUID(int=1))
    return VALUES.get(parameter.metavar or "", "x")


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, words)


def failure(*words: str) -> dict[str, Any]:
    """The error in the one JSON document that a command prints which fails."""
    return failure_in(run(*words), words)


def failure_in(result: Result, words: object) -> dict[str, Any]:
    try:
        answer = json.loads(result.stdout)
    except ValueError:
        raise AssertionError(f"{words} prints no single JSON document: {result.output!r}") from None
    assert answer.keys() == ENVELOPE, words
    assert (answer["success"], answer["data"]) == (False, None), words
    error: dict[str, Any] = answer["error"]
    assert error.keys() == {"code", "message", "facts"}, words
    assert error["message"], words
    assert result.exit_code == (2 if error["code"] == "usage_error" else 1), words
    return error
