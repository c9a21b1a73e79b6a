"""Labels of samples: the human code for the field, the blind code alone for a laboratory. Nothing on them tells the origin."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from lims.core.errors import Invalid
from lims.core.roles import LABORATORY_ROLES
from lims.documents.label_printers import write_epl, write_zpl
from lims.documents.labels import A4_SHEET, SINGLE, SMALL, Label, render_labels
from samples.allotments.models import Allotment
from samples.models import Sample

LAYOUTS = {"sheet": A4_SHEET, "single": SINGLE, "small": SMALL}
PRINTERS = {"zpl": write_zpl, "epl": write_epl}


def _render(labels: Sequence[Label], layout: str, skip: int, printed_at: datetime, synthetic: bool) -> bytes:
    return render_labels(labels, LAYOUTS[layout], printed_at=printed_at, skip=skip if layout == "sheet" else 0, synthetic=synthetic)


def sample_labels(samples: Sequence[Sample], viewer: Any) -> list[Label]:
    """The labels of samples as this viewer may print them."""
    return [_label(sample, viewer) for sample in samples]


def _label(sample: Sample, viewer: Any) -> Label:
    lines = [f"{sample.get_material_display()} · {sample.mass_g.normalize():f} g"]
    if viewer.role in LABORATORY_ROLES:
        return Label(code=sample.blind_code, kind="laboratory_sample", lines=tuple(lines))
    if sample.seal_number:
        lines.append(f"{_('Seal')} {sample.seal_number}")
    return Label(code=sample.code, kind="sample", lines=tuple(lines), keep_sealed=bool(sample.seal_number))


def allotment_labels(allotment: Allotment, codes: Sequence[str]) -> list[Label]:
    """Labels of codes set aside: what will be in the bag is not known yet."""
    return [Label(code=code, kind="sample", lines=(f"{allotment.code} · {allotment.team}"[:40],)) for code in codes]


def answer_labels(
    labels: Sequence[Label], *, layout: str, skip: str, printed_at: datetime, synthetic: bool, name: str = "labels"
) -> HttpResponse:
    """The labels in the layout asked for: PDF to look at, or text to be sent to a label printer. Raises `Invalid('layout')` for one there
    is none of."""
    if layout in PRINTERS:
        text = PRINTERS[layout](labels, synthetic=synthetic)
        headers = {"Content-Disposition": f'attachment; filename="{name}.{layout}"'}
        return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=headers)
    if layout not in LAYOUTS or not (skip.isascii() and skip.isdigit()) or int(skip) >= A4_SHEET.columns * A4_SHEET.rows:
        raise Invalid("layout", _("Labels go on a sheet (0 to 23 places skipped), on a roll (single, small), or to a printer (zpl, epl)."))
    data = _render(labels, layout, int(skip), printed_at, synthetic)
    return HttpResponse(data, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}.pdf"'})
