"""What happens to samples when they enter a lot: due diligence, which knows what was decided about lots, asks to be told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

# Holds those among the samples whose lot is stopped, in the caller's transaction; the samples that are on hold for it now.
LotDoor = Callable[[Sequence[UUID], Any, datetime], set[UUID]]
_doors: list[LotDoor] = []


def register_door(door: LotDoor) -> None:
    """Let a package look at every sample that enters a lot; called when the apps are ready."""
    _doors.append(door)


def enter_lots(sample_ids: Sequence[UUID], *, by: Any, at: datetime) -> set[UUID]:
    """Tell that samples came into a consignment or a visit, or are from another mine now. Part of the caller's transaction, which has
    locked or made them. The samples that were put on hold."""
    return {key for door in _doors for key in door(sample_ids, by, at)}
