"""Labels that travel with a consignment: the box's own, and the blind ones its bags get at the laboratory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from lims.documents.labels import A4_SHEET, SINGLE, Label, render_labels
from samples.models import Consignment
from samples.selectors.receipts import ReceiptLine


def print_box_label(consignment: Consignment, *, printed_at: datetime, synthetic: bool) -> bytes:
    """One label as PDF: to whom, under which waybill and seal. Nothing on it tells the origin."""
    lines = [consignment.addressee.name]
    lines += [f"{_('Waybill')} {consignment.waybill}"] if consignment.waybill else []
    lines += [f"{_('Seal')} {consignment.outer_seal}"] if consignment.outer_seal else []
    label = Label(code=consignment.code, kind="consignment", lines=tuple(lines), keep_sealed=True)
    return render_labels([label], SINGLE, printed_at=printed_at, synthetic=synthetic)


def print_blind_labels(lines: Sequence[ReceiptLine], *, printed_at: datetime, synthetic: bool) -> bytes:
    """A sheet as PDF in the order of the receipt: blind codes alone, for the code of the field must not stand beside them."""
    labels = [Label(code=line.blind_code, kind="laboratory_sample") for line in lines]
    return render_labels(labels, A4_SHEET, printed_at=printed_at, synthetic=synthetic)
