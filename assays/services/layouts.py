"""A laboratory's own racks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from assays.models import TrayLayout
from assays.services.tray_faults import LARGEST_TRAY
from lims.core.acting import acting
from lims.core.errors import Invalid, Problem
from lims.core.roles import Action, require
from samples.services.movement import checked_texts


def add_layout(*, code: str, name: str, rows: int, columns: int, reserved: Sequence[int] = (), by: Any) -> TrayLayout:
    """Add a layout of `rows` × `columns` places; `reserved` are left free by the planner. Raises `Invalid` with a problem per field."""
    require(by, Action.REFERENCE_EDIT)
    texts = checked_texts(TrayLayout, code=code.strip(), name=name.strip())
    places = rows * columns
    problems = [] if texts["code"] else [Problem("/code", "missing", "Give the layout a short code.")]
    if rows < 1 or columns < 1 or places > LARGEST_TRAY:
        problems.append(Problem("/rows", "impossible", f"A tray has from 1 to {LARGEST_TRAY} places, not {rows} × {columns}."))
    if outside := sorted(number for number in set(reserved) if not 1 <= number <= places):
        problems.append(Problem("/reserved", "impossible", f"The tray has no place {', '.join(map(str, outside))}."))
    elif places and len(set(reserved)) >= places:
        problems.append(Problem("/reserved", "impossible", "Every place is reserved; leave some for samples."))
    if TrayLayout.objects.filter(laboratory=by.organisation, code=texts["code"]).exists():
        problems.append(Problem("/code", "repeated", f"Your laboratory has a layout {texts['code']} already. Choose another code."))
    if problems:
        raise Invalid(problems[0].code, problems[0].detail, problems=problems)
    with transaction.atomic(), acting(by, "tray layout added"):
        return TrayLayout.objects.create(laboratory=by.organisation, rows=rows, columns=columns, reserved=sorted(set(reserved)), **texts)
