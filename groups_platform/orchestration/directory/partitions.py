"""The partition `sync_day`: one key per day of the source, kept in natural order."""

from __future__ import annotations

from collections.abc import Iterable

from dagster import DagsterInstance, DynamicPartitionsDefinition

from groups_platform.directory.day_names import in_natural_order

SYNC_DAY = DynamicPartitionsDefinition(name="sync_day")
NAME = "sync_day"


def register_days(instance: DagsterInstance, labels: Iterable[str]) -> list[str]:
    """Add the labels that are new, and return them.

    Backfills run partitions in the order in which keys were added. If a new day precedes known ones, these are
    therefore deleted and added again after it; their materialisations keep the same key.
    """
    known = list(instance.get_dynamic_partitions(NAME))
    fresh = in_natural_order(set(labels).difference(known))
    wanted = in_natural_order([*known, *fresh])
    if fresh and wanted[: len(known)] != known:
        first_moved = next(index for index, label in enumerate(known) if wanted[index] != label)
        for label in known[first_moved:]:
            instance.delete_dynamic_partition(NAME, label)
        instance.add_dynamic_partitions(NAME, wanted[first_moved:])
    elif fresh:
        instance.add_dynamic_partitions(NAME, fresh)
    return fresh
