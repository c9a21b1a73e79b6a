"""Lots and equipment by the code on their label, as far as the viewer's laboratory has them."""

from __future__ import annotations

from typing import Any

from assays.models import Equipment, Lot
from lims.core.codes import tidy_scanned
from lims.core.errors import Invalid, Problem


def find_equipment(code: str, viewer: Any, *, pointer: str = "/equipment") -> Equipment | None:
    """The piece of equipment with that code, however it was typed; None for an empty code. Raises `Invalid` where there is none."""
    if not code.strip():
        return None
    wanted = " ".join(code.upper().split())
    found = Equipment.objects.visible_to(viewer).filter(code=wanted).first()
    if found is None:
        raise _unknown(f"“{code.strip()}” is no equipment of your laboratory. Scan its label again, or register it.", pointer)
    return found  # type: ignore[no-any-return]


def find_lot(code: str, viewer: Any, *, pointer: str = "/lot") -> Lot | None:
    """The lot with that code; None for an empty code. Raises `Invalid` where there is none."""
    if not code.strip():
        return None
    found = Lot.objects.visible_to(viewer).filter(code=tidy_scanned(code)).first()
    if found is None:
        raise _unknown(f"“{code.strip()}” is no lot of your laboratory. Scan its label again, or register it.", pointer)
    return found  # type: ignore[no-any-return]


def find_things(codes: str, viewer: Any, *, pointer: str = "/used") -> list[Lot | Equipment]:
    """Lots and equipment by their codes, separated by blanks or commas, each once. Raises `Invalid` naming the first that is neither."""
    found: list[Lot | Equipment] = []
    for code in dict.fromkeys(codes.replace(",", " ").split()):
        lot = Lot.objects.visible_to(viewer).filter(code=tidy_scanned(code)).first()
        thing = lot or Equipment.objects.visible_to(viewer).filter(code=code.upper()).first()
        if thing is None:
            raise _unknown(f"“{code}” is no lot and no equipment of your laboratory. Scan its label again, or register it.", pointer)
        found.append(thing)
    return found


def _unknown(sentence: str, pointer: str) -> Invalid:
    return Invalid("unknown", sentence, problems=[Problem(pointer, "unknown", sentence)])
