"""Shows what people were told, and what waits for whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timezone
from typing import TYPE_CHECKING

from groups_platform.terminal import console, errors, escape, narrow_table, uncut

if TYPE_CHECKING:
    from groups_platform.alerts.outbox import Delivery, Waiting
    from groups_platform.alerts.trial import Answer

COLORS = {"told": "green", "waiting": "yellow", "given_up": "bold red"}


def show_alerts(deliveries: Sequence[Delivery], is_on: bool, note: str | None) -> None:
    """A line per alert and receiver."""
    table = narrow_table(*uncut("when (UTC)", "receiver", "state"), "what")
    for one in deliveries:
        state = f"[{COLORS.get(one.state, 'default')}]{one.state.replace('_', ' ')}[/]"
        when = f"{one.created_at.astimezone(timezone.utc):%m-%d %H:%M}"
        table.add_row(when, escape(one.receiver or "nobody"), state, escape(one.subject + _why(one)))
    console.print(table if deliveries else "Nobody was told of anything.")
    if note:
        console.print(note)
    if not is_on:
        console.print("GROUPS_ALERTS is not set: nobody is told of what happens now.")


def show_test(answers: Sequence[Answer]) -> None:
    """A line per receiver."""
    for answer in answers:
        state = "[green]has it[/]" if answer.is_told else f"[bold red]not told:[/] {escape(answer.why or '')}"
        console.print(f"{answer.receiver}  {state}")


def show_sent(new: int, waiting: Sequence[Waiting]) -> None:
    """What was new, and what waits."""
    console.print(f"{new} new {'alert' if new == 1 else 'alerts'}." if new else "Nothing new.")
    for of in waiting:
        errors.print(f"{escape(of.sentence)}.", soft_wrap=True)


def _why(one: Delivery) -> str:
    if one.state == "waiting" and one.attempts and not one.last_error:
        return "\n  it is on the way"
    if one.state == "waiting" and one.attempts and one.next_try_at:
        times = "once" if one.attempts == 1 else f"{one.attempts} times"
        return f"\n  tried {times}: {one.last_error}; next at {one.next_try_at.astimezone(timezone.utc):%H:%M:%S}"
    return f"\n  {one.last_error}" if one.last_error else ""
