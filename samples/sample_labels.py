"""Labels of samples: the human code for the field, the blind code alone for a laboratory. Nothing on them tells the origin."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from lims.core.roles import LABORATORY_ROLES
from lims.documents.labels import A4_SHEET, SINGLE, Label, render_labels
from samples.models import Sample

LAYOUTS = {"sheet": A4_SHEET, "single": SINGLE}


def print_labels(samples: Sequence[Sample], viewer: Any, *, layout: str, skip: int, printed_at: datetime, synthetic: bool) -> bytes:
    """Labels as PDF in the given order, on a sheet (the first `skip` places left empty) or one a page for a roll."""
    labels = [_label(sample, viewer) for sample in samples]
    return render_labels(labels, LAYOUTS[layout], printed_at=printed_at, skip=skip if layout == "sheet" else 0, synthetic=synthetic)


def _label(sample: Sample, viewer: Any) -> Label:
    lines = [f"{sample.get_material_display()} · {sample.mass_g.normalize():f} g"]
    if viewer.role in LABORATORY_ROLES:
        return Label(code=sample.blind_code, kind="laboratory_sample", lines=tuple(lines))
    if sample.seal_number:
        lines.append(f"{_('Seal')} {sample.seal_number}")
    return Label(code=sample.code, kind="sample", lines=tuple(lines), keep_sealed=bool(sample.seal_number))
