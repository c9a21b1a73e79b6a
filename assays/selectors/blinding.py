"""Blind controls look like samples to everybody but those who judge: reviewer, signatory, quality manager, administrator. So do field
duplicates: a laboratory measures them blind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from assays.models.runs import PositionKind
from lims.core.roles import Role

_KNOW = frozenset({Role.REVIEWER, Role.SIGNATORY, Role.QUALITY_MANAGER, Role.ADMINISTRATOR})

T = TypeVar("T")


def knows_blind_controls(viewer: Any) -> bool:
    """Whether the viewer may know which tubes are blind controls and field duplicates. A program (`None`) knows nothing."""
    return getattr(viewer, "role", None) in _KNOW


def hide_blind_controls(tray: Iterable[T], viewer: Any) -> list[T]:
    """The tray as the viewer may see it: a blind control's tube is a sample's, without its material, and a field duplicate repeats nothing.
    Never save what comes back."""
    tubes = list(tray)
    if not knows_blind_controls(viewer):
        for one in tubes:
            if getattr(one, "blind_id", None) is not None:
                one.kind, one.control, one.material, one.material_id, one.nominal = PositionKind.SAMPLE, "", None, None, {}  # type: ignore[attr-defined]
            elif getattr(one, "kind", "") == PositionKind.SAMPLE:
                one.control, one.duplicate_of = "", None  # type: ignore[attr-defined]
    return tubes
