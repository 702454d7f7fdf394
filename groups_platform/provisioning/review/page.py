"""A review as a page that needs no server and asks for nothing else: what is found now, or the record of a review."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from decimal import Decimal
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined

from groups_platform.provisioning.review.export import ReviewRecord
from groups_platform.provisioning.review.types import AccessKind, AccessPage, AccessRow
from groups_platform.wording import counted, untwisted

GIB = 1024**3


def page_of_findings(page: AccessPage, domain_name: str | None, at: datetime) -> str:
    """What a review found at an instant, of one domain or of all. Tells how many rows the page leaves out."""
    shown = len(page.rows)
    wanted = sum(page.counts.values())
    return _render(
        "findings.html.j2",
        title=f"Access review of {domain_name}" if domain_name else "Access review",
        at=at,
        kinds=_by_kind(page.rows),
        counts={AccessKind(kind): number for kind, number in page.counts.items()},
        page=page,
        largest=max((held.kernels for held in page.unowned), default=0),
        left_out=wanted - shown,
    )


def page_of_record(record: ReviewRecord) -> str:
    """The record of a finished review."""
    title = f"Access review {record.review.id} of {record.review.domain_name}"
    return _render("record.html.j2", title=title, review=record.review, kinds=_by_kind(record.rows))


def held_in_words(row: AccessRow) -> str:
    """What a row holds, for people: `2 kernels, 8 CPU, 16 GiB, 3 folders`; empty for nothing."""
    slots: list[tuple[float | Decimal, str]] = [(row.cpu, "CPU"), (row.mem / GIB, "GiB"), (row.gpu, "GPU")]
    parts = [counted(row.kernels, "kernel")] if row.kernels else []
    parts += [f"{float(amount):,.4g} {unit}" for amount, unit in slots if amount]
    parts += [counted(row.folders, "folder")] if row.folders else []
    return ", ".join(parts)


def since_in_words(row: AccessRow) -> str:
    """Since when: the applied day, and the instant (UTC) since which kernels run or nothing does; empty if unknown."""
    parts = [row.since_day] if row.since_day else []
    if row.since:
        at = f"{row.since.astimezone(timezone.utc):%Y-%m-%d}"
        parts.append(f"kernels since {at}" if row.kind is AccessKind.RUNNING_KERNELS else at)
    return ", ".join(parts)


def person_in_words(row: AccessRow) -> str:
    """The person of a row, and the agent where the directory knows one."""
    return f"{row.email} (agent {row.agent_id})" if row.agent_id is not None else row.email or ""


def _by_kind(rows: Sequence[AccessRow]) -> list[tuple[AccessKind, list[AccessRow]]]:
    return [(kind, list(own)) for kind, own in groupby(rows, key=lambda row: row.kind)]


def _render(template: str, **facts: object) -> str:
    environment = Environment(
        loader=PackageLoader("groups_platform.provisioning.review"),
        autoescape=True,  # names come from outside
        finalize=untwisted,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "held": held_in_words,
        "since": since_in_words,
        "person": person_in_words,
        "utc": lambda at: f"{at.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC",
    }
    return environment.get_template(template).render(**facts)
