"""What changed, in words: the kinds of changes, and what the terminal, the UI and the page of a day say of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from groups_platform.wording import counted

NOUNS: Final = {"groups": "group", "agents": "agent", "projects": "project", "members": "member"}
TOP: Final = "the top"  # instead of a parent


@dataclass(frozen=True)
class Kind:
    """A kind of change in words.

    sign: + came, - went, ~ is different. many: what so many of it are called. meaning: for whom that does not say
    enough. mark, planned: beside a group or an agent of a tree, what changed and what would, where {was} and {will} are
    its two sides; a mark that is not given is `many` without the noun.
    """

    sign: str
    many: str
    meaning: str = ""
    mark: str = ""
    planned: str = ""

    @property
    def heading(self) -> str:
        """Above its rows."""
        return self.many[0].upper() + self.many[1:]

    @property
    def one(self) -> str:
        """One of it, without a number."""
        return self.many.replace(self._noun, NOUNS[self._noun], 1)

    @property
    def happened(self) -> str:
        """The same beside whom it happened to."""
        return " ".join(word for word in self.many.split() if word != self._noun)

    @property
    def _noun(self) -> str:
        return next(noun for noun in NOUNS if noun in self.many.split())


# In the order in which people see them, by the names that plans have for them. `gone` is no plan's: a replay can take
# out the day that had brought a group or an agent, and days can be compared backwards.
KINDS: Final = {
    "groups_turned_inactive": Kind(
        "-",
        "groups turned inactive",
        "No active agent is left in them or in any group below them.",
        planned="would turn inactive",
    ),
    "groups_turned_active": Kind(
        "+",
        "groups active again",
        "An active agent is in them, or in a group below them.",
        planned="would be active again",
    ),
    "groups_new": Kind("+", "new groups"),
    "groups_gone": Kind("-", "groups gone", "A replay removed the day that had brought them."),
    "groups_missing": Kind(
        "-", "groups missing upstream", "They had no record. They keep what they had, for some days."
    ),
    "groups_ended": Kind(
        "-",
        "groups ended",
        "They had no record for so many days that their memberships ended.",
        planned="would end",
    ),
    "groups_moved": Kind("~", "groups moved", "They have another parent.", "moved from {was}", "would move to {will}"),
    "groups_renamed": Kind("~", "groups renamed", "", "was {was}", "would be {will}"),
    "groups_changed": Kind("~", "groups changed otherwise", "Such as their times upstream.", planned="would change"),
    "agents_deactivated": Kind(
        "-", "agents turned inactive", "They are not in the roster any more, or it says that they are not active."
    ),
    "agents_reactivated": Kind("+", "agents active again"),
    "agents_new": Kind("+", "new agents"),
    "agents_gone": Kind("-", "agents gone", "A replay removed the day that had brought them."),
    "agents_changed": Kind("~", "agents changed", "Their name, address or times.", "was {was}"),
    "memberships_added": Kind("+", "members joined", planned="would join"),
    "memberships_removed": Kind("-", "members left", planned="would leave"),
    "projects_to_be_deleted": Kind(
        "-",
        "projects to be deleted",
        "They belong to groups that would turn inactive.",
        "project to be deleted: {was}, which holds {will}",
    ),
    "projects_losing_all_members": Kind(
        "-",
        "projects losing all members",
        "Nobody active would be left in their groups.",
        "project losing all members: {was}, which holds {will}",
    ),
    "projects_with_running_kernels": Kind(
        "-",
        "projects with running kernels",
        "Of those above. One of them holds the day.",
        "project with running kernels: {was}, which holds {will}",
    ),
}
IMPACT: Final = tuple(kind for kind in KINDS if kind.startswith("projects_"))
GONE: Final = ("groups_gone", "agents_gone")
PLANNED: Final = ("groups_changed", *IMPACT)  # what only plans tell
TWO_SIDED: Final = ("groups_renamed", "agents_changed", *IMPACT)


@dataclass(frozen=True)
class Change:
    """A change of a group, of an agent, or of a membership (then both ids are there). change: of KINDS.

    before, after: what was renamed; of a group that moved the ids of its parents, whose names are before_name and
    after_name; of a project that is linked to the group its name and what it holds. parent_group_id: of the group
    afterwards.
    """

    change: str
    group_id: int | None
    group_name: str | None
    parent_group_id: int | None
    agent_id: int | None
    agent_name: str | None
    before: str | None
    after: str | None
    before_name: str | None
    after_name: str | None

    @property
    def kind(self) -> Kind:
        """Its words."""
        return KINDS[self.change]

    @property
    def sides(self) -> tuple[str, str]:
        """From what to what, or of a project its name and what it holds. Empty where there is nothing to tell."""
        if self.change == "groups_moved":
            return _parent(self.before_name, self.before), _parent(self.after_name, self.after)
        if self.change in TWO_SIDED and (self.before or self.after):
            return self.before or "nothing", self.after or "nothing"
        return "", ""

    def told(self, *, is_planned: bool = False) -> str:
        """What happened, or would, beside whom it happens to: `turned inactive`, `moved from North (3)`."""
        was, will = self.sides
        mark = self.kind.mark if was else ""
        return ((is_planned and self.kind.planned) or mark or self.kind.happened).format(was=was, will=will)


class Mark(NamedTuple):
    """What changed of a group of a tree. kind: of KINDS. text: the same in words, such as `moved from North (3)`."""

    kind: str
    text: str


def summed_up(counts: Mapping[str, int]) -> str:
    """Say how many changes of each kind there are; empty if there is none."""
    return ", ".join(counted(counts[name], kind.one, kind.many) for name, kind in KINDS.items() if counts.get(name))


def named(name: str | None, id_: object) -> str:
    """A name followed by the id; empty where there is no id."""
    if id_ is None:
        return ""
    return f"{name} ({id_})" if name else str(id_)


def _parent(name: str | None, id_: str | None) -> str:
    if id_ is None:
        return TOP
    return named(name, id_) if name else f"group {id_}"
