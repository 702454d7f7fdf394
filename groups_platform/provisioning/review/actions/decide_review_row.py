"""Keep or revoke a row of a review (M9); what is revoked ends in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from groups_platform.group_service.errors import GroupNotFound, InvalidAPIParameters
from groups_platform.group_service.repositories.group.admin_repository import AdminGroupRepository
from groups_platform.group_service.services.group.actions.base import Access, ActionContext, BaseAction
from groups_platform.group_service.services.group.actions.delete_group import DeleteGroupAction, delete_group
from groups_platform.group_service.services.group.actions.modify_group import ModifyGroupAction, modify_group
from groups_platform.group_service.types import OptionalState
from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.group_service.types.audit import Entity
from groups_platform.group_service.types.text import quote
from groups_platform.group_service.types.user import UserUpdateMode
from groups_platform.masking import mask_text
from groups_platform.provisioning.review.errors import AlreadyDecided, OwnReviewRow, ReviewFinished, UnknownReview
from groups_platform.provisioning.review.repository import ReviewRepository
from groups_platform.provisioning.review.scope import find_review, parse_row, review_entity, reviews_of
from groups_platform.provisioning.review.types import AccessKind, Decision, Review, ReviewRow
from groups_platform.provisioning.review.within import Performed, perform_within

REASON = {"longest": 1000, "is_filled": True}
GONE = "it was not so any more; nothing was done"


@dataclass(frozen=True)
class DecideReviewRowAction(BaseAction):
    """Decide about a row, such as `3.12`. decision: keep or revoke. reason: why, for the record."""

    name: ClassVar[str] = "decide_review_row"
    access: ClassVar[Access] = Access.ADMIN
    entity_type: ClassVar[str] = "access_review"

    row: str
    decision: Decision | str
    reason: str = field(metadata=REASON)

    def entity(self) -> Entity:
        """The review."""
        return Entity(id=self.row.partition(".")[0])


@dataclass(frozen=True)
class DecideReviewRowActionResult(BaseActionResult[ReviewRow]):
    """The row as it was decided; `gone` where it was not so any more."""

    def entity_id(self) -> str | None:
        """The review's number."""
        return self.data.row.partition(".")[0] if self.data else None


async def decide_review_row(action: DecideReviewRowAction, context: ActionContext) -> DecideReviewRowActionResult:
    """Keep or revoke a row of a review, with a reason (M9).

    Revoking deletes the project softly, or removes the person from it, in the same transaction and with an audit row of
    its own. Kernels are not stopped: the record says what still runs. A row that is not so any more is closed as
    `gone`, whatever was decided. Who decides the same again, for the same reason, gets the row as it was decided.

    action: DecideReviewRowAction. row: such as `3.12`, of get_review; decision: keep or revoke; reason: 1 to 1000
    characters.
    Returns DecideReviewRowActionResult; data is the ReviewRow.
    error.code: forbidden, unknown_review, invalid_value; already_decided, review_finished; own_review_row for a row
    about the actor, who is a member or runs the kernels.
    Raises InvalidAPIParameters for another decision.
    """
    decision = _decision(action.decision)
    review_id, number = parse_row(action.row)
    reviews, review = reviews_of(context), await find_review(context, review_id)
    await reviews.lock(review.id, to_finish=False)
    row = await _open_row(reviews, review, number, context)
    reason = mask_text(action.reason.strip())
    if row.decision is not None:
        if (row.decision, row.reason, row.decided_by) != (decision, reason, context.actor.name):
            raise AlreadyDecided(
                f"The row {row.row} was decided by {row.decided_by}: {row.decision.value}, {quote(row.reason or '')}.",
                row=row.row,
                decision=row.decision.value,
                decided_by=row.decided_by,
            )
        context.record(review_entity(review), None, None)
        return DecideReviewRowActionResult(success=True, data=row)
    decision, effect, done = await _act(reviews, row, decision, context)
    await reviews.decide(
        row, decision, reason, effect, action_id=context.action_id, effect_action_id=done.id if done else None
    )
    context.record(review_entity(review), None, _told(row, decision, reason, effect))
    (row,) = await reviews.rows(review.id, number=number, limit=1)
    if done is not None:
        await done.record()
    return DecideReviewRowActionResult(success=True, data=row)


def _decision(decision: Decision | str) -> Decision:
    if decision not in (Decision.KEEP.value, Decision.REVOKE.value):
        raise InvalidAPIParameters(f"{quote(decision)} is no decision. Write keep or revoke.")
    return Decision(decision)


async def _open_row(reviews: ReviewRepository, review: Review, number: int, context: ActionContext) -> ReviewRow:
    """The row, locked. Raises UnknownReview, OwnReviewRow, and ReviewFinished of a finished review."""
    row = await reviews.lock_row(review.id, number)
    if row is None:
        raise UnknownReview(f"The review {review.id} has the rows 1 to {review.rows}, not {number}.", review=review.id)
    if row.user_id is not None and row.user_id == context.actor.id:
        raise OwnReviewRow(
            f"The row {row.row} is about {context.actor.name}; somebody else has to decide.", row=row.row
        )
    (fresh,) = await reviews.search(review_id=review.id)
    if fresh.finished_at is not None:
        raise ReviewFinished(
            f"The review {review.id} is finished; its record does not change any more.",
            review=review.id,
            digest=fresh.digest,
        )
    return row


async def _act(
    reviews: ReviewRepository, row: ReviewRow, decision: Decision, context: ActionContext
) -> tuple[Decision, str, Performed | None]:
    """What is decided in the end, its effect in words, and what was done."""
    try:
        await AdminGroupRepository(context.session).lock_group(row.project_id)  # it stays as it is found now
    except GroupNotFound:
        return Decision.GONE, GONE, None
    if not await reviews.is_still_so(row):
        return Decision.GONE, GONE, None
    if decision is Decision.KEEP:
        return decision, "", None
    if row.kind.is_about_project:
        done = await perform_within(context, DeleteGroupAction(row.project_id), delete_group)
        return decision, "the project was deleted", done
    assert row.user_id is not None
    still_runs = _still_runs(row.kernels)
    if row.kind is AccessKind.RUNNING_KERNELS and row.user_id not in await context.groups.member_ids(row.project_id):
        return decision, still_runs, None
    done = await perform_within(context, _removal(row.project_id, row.user_id), modify_group)
    removed = "the person was removed from the project"
    return decision, f"{removed}; {still_runs}" if row.kernels else removed, done


def _still_runs(kernels: int) -> str:
    if kernels == 1:
        return "1 kernel runs on: end it where sessions are managed"
    return f"{kernels} kernels run on: end them where sessions are managed"


def _removal(project_id: UUID, user_id: UUID) -> ModifyGroupAction:
    return ModifyGroupAction(
        project_id,
        user_update_mode=OptionalState.update(UserUpdateMode.REMOVE),
        user_uuids=OptionalState.update([user_id]),
    )


def _told(row: ReviewRow, decision: Decision, reason: str, effect: str) -> dict[str, object]:
    return {
        "row": row.row,
        "kind": row.kind.value,
        "project": row.project,
        "person": row.email,
        "decision": decision.value,
        "reason": reason,
        "effect": effect,
    }
