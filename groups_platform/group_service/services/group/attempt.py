"""One call of an action: what it leaves in the audit log and in the log."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

from groups_platform.group_service.errors import GroupServiceError
from groups_platform.group_service.services.group.actions.base import BaseAction
from groups_platform.group_service.types.audit import AuditStatus, Entity, cut_texts
from groups_platform.group_service.types.user import Actor
from groups_platform.masking import mask_secrets, mask_text

LONGEST_WORD = 200  # characters of a name or an id, which is indexed
LONGEST_SENTENCE = 2000

log = logging.getLogger("groups_platform.group_service")


@dataclass
class Attempt:
    """One call of an action. actor: replaced by who that is at present.

    kind: the type of the action. action: what the caller gave for it; None where nothing could be made. entity: what it
    is about, as far as it is known.
    """

    kind: type[BaseAction]
    action: object
    actor: Actor | str
    run_id: str | None
    now: datetime
    id: UUID = field(default_factory=uuid4)
    began: float = field(default_factory=perf_counter)
    entity: Entity = field(init=False)

    def __post_init__(self) -> None:
        self.entity = Entity()
        self.run_id = None if self.run_id is None else _stored(str(self.run_id))
        if isinstance(self.action, self.kind):
            try:
                self.entity = _storable(self.action.entity())
            except Exception:  # the input has wrong types, which its check will say
                log.debug("the input of %s tells no entity", self.kind.name, exc_info=True)

    @property
    def about(self) -> str | None:
        """The entity as a person would write it."""
        entity = self.entity
        if entity.name is None or entity.domain_name is None:
            return entity.name or entity.id
        return f"{entity.domain_name}/{entity.name}"

    @property
    def actor_name(self) -> str:
        """Who acts, for people."""
        return _stored(str(self.actor.name if isinstance(self.actor, Actor) else self.actor)) or ""

    def row(
        self,
        status: AuditStatus,
        *,
        error: GroupServiceError | None = None,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The row of the audit log, in types of JSON, without secrets and long texts."""
        actor_id = self.actor.id if isinstance(self.actor, Actor) else None
        return {
            "action_id": str(self.id),
            "action": self.kind.name,
            "is_read": self.kind.is_read,
            "entity_type": self.kind.entity_type,
            "entity_id": self.entity.id or self.about,
            "entity_name": self.entity.name,
            "domain_name": self.entity.domain_name,
            "former_domain_name": self.entity.former_domain_name,
            "actor_id": str(actor_id) if isinstance(actor_id, UUID) else None,
            "actor": self.actor_name,
            "status": status.value,
            "error_code": error and error.code,
            "description": error and _stored(mask_text(str(error)), LONGEST_SENTENCE),
            "before": cut_texts(mask_secrets(before)),
            "after": cut_texts(mask_secrets(after)),
            "run_id": self.run_id,
            "started_at": self.now.isoformat(),
            "duration": f"{perf_counter() - self.began:.6f} seconds",
        }

    def log(self, status: AuditStatus, refusal: GroupServiceError | None = None) -> None:
        """Write the log line."""
        facts = {
            "action": self.kind.name,
            "entity": self.entity.id or self.about,
            "actor": self.actor_name,
            "status": status.value,
            "error_code": refusal and refusal.code,
            "action_id": str(self.id),
            "run_id": self.run_id,
            "duration_ms": round((perf_counter() - self.began) * 1000, 1),
        }
        level = logging.INFO if refusal is None else logging.WARNING
        outcome = status.value if refusal is None else f"{status.value}, {refusal.code}"
        log.log(
            level, "%s of %s by %s: %s", facts["action"], facts["entity"] or "-", facts["actor"], outcome, extra=facts
        )


def _storable(entity: Entity) -> Entity:
    return Entity(*(_stored(getattr(entity, part.name)) for part in fields(Entity)))


def _stored(text: object, longest: int = LONGEST_WORD) -> str | None:
    """`text` as Postgres can store and index it: cut, and without NUL and surrogates. None for what is no text."""
    if not isinstance(text, str):
        return None
    return text[:longest].encode(errors="backslashreplace").decode().replace("\0", "\\x00")
