"""What a dotfile may be: refused by its position and path, and its data never shown."""

from __future__ import annotations

from typing import Any

import pytest
from frozendict import frozendict

from groups_platform.group_service.types.dotfile import check_dotfile, check_dotfiles
from groups_platform.group_service.types.text import cut, quote
from groups_platform_tests.group_service.test_invalid_values import SECRET, refusal


def dotfile(**parts: Any) -> dict[str, Any]:
    return {"path": ".bashrc", "data": SECRET, "perm": "644", **parts}


@pytest.mark.parametrize(
    "path", [".bashrc", "a/b/.c", "with space", "研究", ".ssh2/x", "x/.ssh", "a" * 255, "a..b", "-"]
)
@pytest.mark.parametrize("perm", ["644", "0600", "1777"])
def test_s31_a_dotfile_has_path_data_and_perm(path: str, perm: str) -> None:
    given = dotfile(path=path, perm=perm)
    assert check_dotfile(frozendict(given)) == given
    assert check_dotfiles((given,)) == [given]


BAD_PATHS = [
    "", "/etc/passwd", "..", "../x", "a/../../x", "a/..", ".", "./.ssh", "a//b", "a/", "a\nb", "a\x7f", "a\u202eb",
    "a\0b", "\ud800", "a" * 256, "é" * 128, "x" * 5_000_000, ".ssh", ".ssh/authorized_keys", ".ssh/x/y", ".terminfo",
    ".terminfo/x", ".jupyter", ".jupyter/config.py", ".local", ".local/bin/x", ".config", ".config/x",
]  # fmt: skip


@pytest.mark.parametrize("path", BAD_PATHS, ids=quote)
def test_s31_the_path_of_a_dotfile_is_checked(path: str) -> None:
    refused = refusal(check_dotfiles, [dotfile(), dotfile(path=path)])
    assert refused.facts == {"field": "dotfiles", "position": 2, "path": cut(path)}
    str(refused).encode()


@pytest.mark.parametrize("perm", ["", "64", "64400", "888", "rw-", "0o644", " 644", "644\n", "٦٤٤", "-644"])
def test_s31_the_mode_of_a_dotfile_is_octal(perm: str) -> None:
    refused = refusal(check_dotfiles, [dotfile(perm=perm)])
    assert refused.facts == {"field": "dotfiles", "position": 1, "path": ".bashrc"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"path": ".bashrc", "data": SECRET},
        {"path": ".bashrc"},
        {},
        dotfile(extra=SECRET),
        dotfile(**{"x" * 5_000_000: SECRET}),
        dotfile(path=5),
        dotfile(path=None),
        dotfile(data=b"hunter2"),
        dotfile(data=[SECRET]),
        dotfile(perm=644),
        dotfile(data=SECRET + "\0") | {"path": 5},
        SECRET,
        [SECRET],
        None,
        5,
    ],
    ids=quote,
)
def test_s31_a_dotfile_has_nothing_else(wrong: Any) -> None:
    assert refusal(check_dotfiles, [wrong]).facts == {"field": "dotfiles", "position": 1}
    assert refusal(check_dotfile, wrong).facts == {"field": "dotfiles"}


@pytest.mark.parametrize("wrong", [SECRET, b"x", 5, None, {"path": SECRET}, {SECRET}])
def test_s31_dotfiles_are_a_list(wrong: Any) -> None:
    assert refusal(check_dotfiles, wrong).facts == {"field": "dotfiles"}


@pytest.mark.parametrize("data", [SECRET + "\0", SECRET + "\ud800"])
def test_s31_the_data_of_a_dotfile_is_text(data: str) -> None:
    assert refusal(check_dotfile, dotfile(data=data)).facts == {"field": "dotfiles", "path": ".bashrc"}


def test_s31_dotfiles_have_different_paths_and_none_is_a_folder_of_another() -> None:
    for first, second in ((".vim", ".vim"), (".vim", ".vim/rc"), (".vim/a/b", ".vim")):
        refused = refusal(check_dotfiles, [dotfile(path=first), dotfile(path=second)])
        assert refused.facts["path"] == max(first, second)
    assert len(check_dotfiles([dotfile(path=path) for path in (".vim/a", ".vim/b", ".vim.d", ".VIM")])) == 4


def test_s31_dotfiles_have_64_kib_together() -> None:
    half = "é" * (16 * 1024)
    assert check_dotfiles([dotfile(path="a", data=half), dotfile(path="b", data=half)])
    refused = refusal(check_dotfiles, [dotfile(path="a", data=half), dotfile(path="b", data=half + "x")])
    assert refused.facts == {"field": "dotfiles", "bytes": 64 * 1024 + 1}
