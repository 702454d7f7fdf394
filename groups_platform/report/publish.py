"""Writes pages to files and to folders of any file system of fsspec, each file whole."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from groups_platform.directory.day_names import in_natural_order
from groups_platform.directory.days import DayStatus
from groups_platform.errors import ReportNotWritten
from groups_platform.masking import mask_text
from groups_platform.report.figures import DayReport, read_report, read_statuses
from groups_platform.report.page import render_index, render_page

LATEST: Final = "latest.html"
INDEX: Final = "index.html"


@dataclass(frozen=True)
class Page:
    """The page of a day: its figures, and its HTML as UTF-8."""

    report: DayReport
    content: bytes


def make_page(url: str, day: str, status: DayStatus | None = None) -> Page:
    """The page of the day; arguments and errors as of `read_report`."""
    report = read_report(url, day, status)
    return Page(report, render_page(report).encode())


def page_name(day: str) -> str:
    """The name of the day's file. A day that is called as one of the other two files has a dot more."""
    name = f"{day}.html"
    return f"{day}.day.html" if name.lower() in (LATEST, INDEX) else name


def write_file(path: Path, content: bytes) -> None:
    """Replace the file atomically, and make its folder where there is none. Raises ReportNotWritten."""
    with _written(str(path), "Choose another file, or make its folder writable"):
        _replace(path, content)


def publish(url: str, target: str, page: Page) -> tuple[str, ...]:
    """Write the page to the folder `target`, with `latest.html`, the page of the newest day, and `index.html`.

    target: a folder or an fsspec URL. The list of days and the newest day are as the tables are now. Returns the files,
    the list of days last, which therefore never names a page that is not there. Raises ReportNotWritten,
    DatabaseUnavailable.
    """
    statuses = _with_own(read_statuses(url), page.report.status)
    newest = statuses[-1].label
    latest = page if newest == page.report.day else make_page(url, newest)
    pages = {page_name(made.report.day): made.content for made in (page, latest)}
    with _written(
        target, "Create the folder or make it writable, or choose another with GROUPS_REPORT_URL or --publish"
    ):
        fs, root = _open(target)
        there = {str(entry).rstrip("/").rsplit("/", 1)[-1] for entry in fs.ls(root, detail=False)} | pages.keys()
        listed = {status.label for status in statuses if page_name(status.label) in there}
        index = render_index(statuses, {label: page_name(label) for label in listed}).encode()
        files = {**pages, LATEST: latest.content, INDEX: index}
        for name, content in files.items():
            _put(fs, f"{root.rstrip('/')}/{name}", content)
    return tuple(f"{mask_text(target).rstrip('/')}/{name}" for name in files)


def _with_own(statuses: Sequence[DayStatus], own: DayStatus) -> list[DayStatus]:
    """The days in their order, with what is known of this one besides the tables."""
    by_label = {**{status.label: status for status in statuses}, own.label: own}
    return [by_label[label] for label in in_natural_order(by_label)]


def _open(target: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs  # noqa: PLC0415 - only to publish

    fs, root = url_to_fs(target)
    fs.makedirs(root, exist_ok=True)
    fs.invalidate_cache()
    return fs, root


def _put(fs: Any, path: str, content: bytes) -> None:
    from fsspec.implementations.local import LocalFileSystem  # noqa: PLC0415

    if isinstance(fs, LocalFileSystem):
        _replace(Path(path), content)
    else:
        fs.pipe_file(path, content)  # an object store shows a file when it is whole


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.parent / f".{secrets.token_hex(8)}.tmp"
    try:
        fresh.write_bytes(content)
        fresh.replace(path)
    except BaseException:
        with suppress(OSError):
            fresh.unlink()
        raise


@contextmanager
def _written(target: str, advice: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # each file system raises errors of its own
        reason = getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
        first = mask_text(reason.splitlines()[0]).rstrip(".")
        raise ReportNotWritten(
            f"The report cannot be written to {target}: {first}. {advice}.", target=target
        ) from error
