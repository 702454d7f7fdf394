"""Reads what a review finds, and the reviews that were started. Checks no rights; only flushes.

The SQL is in `sql/provisioning/review_*.sql`; what counts as what is in `manager.access_rows`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from groups_platform.database.sql_files import read_statement
from groups_platform.group_service.types.user import Actor
from groups_platform.provisioning.review.record import Digest
from groups_platform.provisioning.review.types import (
    AccessKind,
    AccessPage,
    AccessRow,
    Decision,
    Review,
    ReviewRow,
    UnownedProject,
)

MOST_UNOWNED = 20
Place = tuple[int, str, str, str]
FIRST: Place = (0, "", "", "")
KINDS = tuple(AccessKind)


class ReviewRepository:
    """Reviews, and what one finds. now: when the attempt began."""

    def __init__(self, session: AsyncSession, actor: Actor, now: datetime) -> None:
        self._session = session
        self._actor = actor
        self._now = now

    async def find(
        self, domain_name: str | None, kinds: Collection[AccessKind], *, limit: int, after: Place | None
    ) -> tuple[AccessPage, bool]:
        """A page of what is found now, and whether rows follow it."""
        place, domain, project, email = after or FIRST
        rows = await self._run(
            "review_page",
            domain_name=domain_name,
            at=self._now,
            kinds=[kind.value for kind in kinds],
            after_place=place,
            after_domain=domain,
            after_project=project,
            after_email=email,
            largest=MOST_UNOWNED,
            limit=limit + 1,
        )
        first = rows[0]
        found = [_access_row(row) for row in rows if row["kind"] is not None]
        counts = {kind.value: first["counts"][kind.value] for kind in KINDS if kind.value in first["counts"]}
        unowned = tuple(UnownedProject(**held) for held in first["held"])
        return AccessPage(tuple(found[:limit]), counts, unowned, first["total"]), len(found) > limit

    async def has_applied_day(self) -> bool:
        """Whether the directory knows anybody."""
        return bool(await self._session.scalar(text("SELECT EXISTS (SELECT FROM directory.sync_days)")))

    async def has_domain(self, domain_name: str) -> bool:
        """Whether there is such a domain."""
        statement = text("SELECT EXISTS (SELECT FROM manager.domains WHERE name = :name)")
        return bool(await self._session.scalar(statement, {"name": domain_name}))

    async def lock_domain(self, domain_name: str) -> None:
        """Of those who start a review of the domain, one at a time."""
        key = func.hashtextextended(f"manager.access_reviews {domain_name}", 0)
        await self._session.execute(select(func.pg_advisory_xact_lock(key)))

    async def start(self, domain_name: str) -> Review:
        """Freeze what is found now."""
        await self._plan_for_these_values()
        rows = await self._run("review_start", domain_name=domain_name, at=self._now, **self._who())
        (review,) = await self.search(review_id=rows[0]["review_id"])
        return review

    async def search(
        self,
        domain_name: str | None = None,
        *,
        review_id: int | None = None,
        before: int | None = None,
        limit: int = 1,
    ) -> list[Review]:
        """Reviews, newest first: those before a number, of one domain or of all."""
        rows = await self._run("review_list", domain_name=domain_name, review_id=review_id, before=before, limit=limit)
        return [_review(row) for row in rows]

    async def lock(self, review_id: int, *, to_finish: bool) -> None:
        """Who finishes a review waits for those who decide rows of it, and they for who finishes it."""
        how = "UPDATE" if to_finish else "SHARE"
        statement = text(f"SELECT FROM manager.access_reviews WHERE review_id = :review_id FOR {how}")
        await self._session.execute(statement, {"review_id": review_id})

    async def lock_row(self, review_id: int, number: int) -> ReviewRow | None:
        """A row as it is once nobody else decides it."""
        statement = (
            "SELECT FROM manager.access_review_rows WHERE (review_id, number) = (:review_id, :number) FOR UPDATE"
        )
        await self._session.execute(text(statement), {"review_id": review_id, "number": number})
        rows = await self.rows(review_id, number=number, limit=1)
        return rows[0] if rows else None

    async def rows(
        self, review_id: int, *, number: int | None = None, after: int = 0, only_open: bool = False, limit: int
    ) -> list[ReviewRow]:
        """Rows in the order of their numbers, those after a number."""
        rows = await self._run(
            "review_rows", review_id=review_id, number=number, after=after, only_open=only_open, limit=limit
        )
        return [_review_row(row) for row in rows]

    async def is_still_so(self, row: ReviewRow) -> bool:
        """Whether the review would find this row now, in the same domain."""
        await self._plan_for_these_values()
        statement = read_statement("provisioning/review_is_still_so")
        parameters = {
            "domain_name": row.domain_name,
            "project_id": row.project_id,
            "user_id": row.user_id,
            "kind": row.kind.value,
            "at": self._now,
        }
        return bool(await self._session.scalar(statement, parameters))

    async def decide(
        self,
        row: ReviewRow,
        decision: Decision,
        reason: str,
        effect: str,
        *,
        action_id: UUID | None,
        effect_action_id: UUID | None,
    ) -> None:
        """Store what was decided about a locked row."""
        review_id, number = map(int, row.row.split("."))
        await self._session.execute(
            read_statement("provisioning/review_decide"),
            {
                "review_id": review_id,
                "number": number,
                "decision": decision.value,
                "reason": reason,
                "effect": effect,
                "at": self._now,
                "action_id": action_id,
                "effect_action_id": effect_action_id,
                **self._who(),
            },
        )

    async def close_gone(self, review: Review, reason: str, action_id: UUID | None) -> None:
        """Close the open rows that are not so any more."""
        await self._plan_for_these_values()
        await self._session.execute(
            read_statement("provisioning/review_close_gone"),
            {
                "review_id": review.id,
                "domain_name": review.domain_name,
                "reason": reason,
                "action_id": action_id,
                "at": self._now,
                **self._who(),
            },
        )

    async def finish(self, review: Review, digest: str) -> None:
        """Store the end of a locked review, all of whose rows are decided."""
        await self._session.execute(
            read_statement("provisioning/review_finish"),
            {"review_id": review.id, "digest": digest, "at": self._now, **self._who()},
        )

    async def digest(self, review: Review) -> str:
        """The digest of the review's record; the rows are streamed."""
        digest = Digest(review.to_json())
        async for row in self._every_row(review.id):
            digest.add(row.to_json())
        return digest.hexdigest()

    async def _every_row(self, review_id: int) -> AsyncIterator[ReviewRow]:
        everything = {"review_id": review_id, "number": None, "after": 0, "only_open": False, "limit": None}
        rows = await self._session.stream(
            read_statement("provisioning/review_rows"), everything, execution_options={"yield_per": 1000}
        )
        async for row in rows.mappings():
            yield _review_row(row)

    async def _run(self, name: str, **parameters: Any) -> list[RowMapping]:
        if name == "review_page":
            await self._plan_for_these_values()
        result = await self._session.execute(read_statement(f"provisioning/{name}"), parameters)
        return list(result.mappings())

    async def _plan_for_these_values(self) -> None:
        """A plan for any domain and project would be bad for one."""
        await self._session.execute(select(func.set_config("plan_cache_mode", "force_custom_plan", True)))

    def _who(self) -> dict[str, Any]:
        return {"actor_id": self._actor.id, "actor": self._actor.name}


def _found(row: RowMapping) -> dict[str, Any]:
    return {
        "kind": AccessKind(row["kind"]),
        **{name: row[name] for name in ACCESS_FIELDS},
        "mem": int(row["mem"]),
    }


def _access_row(row: RowMapping) -> AccessRow:
    return AccessRow(**_found(row))


def _review_row(row: RowMapping) -> ReviewRow:
    decided = {name: row[name] for name in DECIDED_FIELDS}
    decision = Decision(row["decision"]) if row["decision"] else None
    return ReviewRow(**_found(row), row=f"{row['review_id']}.{row['number']}", decision=decision, **decided)


def _review(row: Mapping[Any, Any]) -> Review:
    decided = row["kept"] + row["revoked"] + row["gone"]
    return Review(id=row["review_id"], open=row["rows"] - decided, **{name: row[name] for name in REVIEW_FIELDS})


ACCESS_FIELDS = (
    "domain_name", "project_id", "project_name", "user_id", "email", "agent_id", "agent_name", "directory_group_id",
    "directory_group_name", "detail", "kernels", "cpu", "gpu", "folders", "since_day", "since",
)  # fmt: skip
DECIDED_FIELDS = ("reason", "effect", "decided_by", "decided_at", "action_id", "effect_action_id")
REVIEW_FIELDS = (
    "domain_name", "sync_day", "started_by", "started_at", "rows", "kept", "revoked", "gone", "finished_by",
    "finished_at", "digest",
)  # fmt: skip
