"""Printable labels: a QR that scans to the code, the code with its check character set apart, captions in English, Hindi and Burmese."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from lims.documents.code128 import draw_code128, encode_code128
from lims.documents.qr import draw_qr
from lims.documents.render import render_pdf

LabelKind = Literal["sample", "laboratory_sample", "consignment", "aliquot", "location"]
Language = Literal["en", "hi", "my"]

# On the bag for people who may read only one of the three; codes and units are never translated.
CAPTIONS: dict[LabelKind, dict[Language, str]] = {
    "sample": {"en": "Sample", "hi": "नमूना", "my": "နမူနာ"},
    "laboratory_sample": {"en": "Laboratory sample", "hi": "प्रयोगशाला नमूना", "my": "ဓာတ်ခွဲခန်းနမူနာ"},
    "consignment": {"en": "Consignment", "hi": "खेप", "my": "ပို့ကုန်"},
    "aliquot": {"en": "Test portion", "hi": "परीक्षण अंश", "my": "စမ်းသပ်ပိုင်း"},
    "location": {"en": "Storage", "hi": "भंडारण", "my": "သိုလှောင်ရာ"},
}
SEALED: dict[Language, str] = {"en": "Do not open", "hi": "न खोलें", "my": "မဖွင့်ရ"}
MOST_LINES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelLayout:
    """A sheet of labels, or a single one on a roll. Millimetres; the grid stands in the middle of the page. `barcode` adds the code as Code
    128 along the lower edge."""

    page_width: float
    page_height: float
    label_width: float
    label_height: float
    columns: int = 1
    rows: int = 1
    column_gap: float = 0
    barcode: bool = False


A4_SHEET = LabelLayout(page_width=210, page_height=297, label_width=63.5, label_height=33.9, columns=3, rows=8, column_gap=2.5)
"""Twenty-four labels of 63.5 × 33.9 mm, away from the edge that office printers leave white."""
SINGLE = LabelLayout(page_width=62, page_height=29, label_width=62, label_height=29)
"""One label of 62 × 29 mm on each page, as label printers take them from the roll."""
SMALL = LabelLayout(page_width=50, page_height=25, label_width=50, label_height=25, barcode=True)
"""One label of 50 × 25 mm on each page, with QR and Code 128."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One label. `code` ends in `-` and its check character; `lines` are up to three short lines; `payload` is what the QR says, by default
    the code. `keep_sealed` adds the words not to open it."""

    code: str
    kind: LabelKind = "sample"
    lines: tuple[str, ...] = ()
    payload: str = ""
    keep_sealed: bool = False

    def __post_init__(self) -> None:
        if len(self.lines) > MOST_LINES:
            raise ValueError(f"The label of {self.code} has {len(self.lines)} lines; {MOST_LINES} fit.")


def render_labels(
    labels: Sequence[Label],
    layout: LabelLayout = A4_SHEET,
    *,
    printed_at: datetime,
    languages: Sequence[Language] = ("en", "hi", "my"),
    skip: int = 0,
    synthetic: bool = False,
) -> bytes:
    """The labels as PDF, row by row. `skip` leaves that many places of a sheet begun before empty; `synthetic` marks every label.

    The same labels and time give the same bytes. Raises ValueError without labels or for a `skip` beyond the first sheet, and as
    `render_pdf` does.
    """
    places = layout.columns * layout.rows
    if not labels or not 0 <= skip < places:
        raise ValueError(f"Give at least one label and skip 0 to {places - 1} places; got {len(labels)} labels, skip {skip}.")
    data = {
        "layout": asdict(layout),
        "skip": skip,
        "synthetic": synthetic,
        "labels": [_arrange_label(label, languages) for label in labels],
    }
    svgs = {f"qr-{number}": draw_qr(label.payload or label.code) for number, label in enumerate(labels)}
    if layout.barcode:
        svgs |= {f"bar-{number}": draw_code128(label.code) for number, label in enumerate(labels)}
    return render_pdf("labels", data, timestamp=printed_at, svgs=svgs)


def _arrange_label(label: Label, languages: Sequence[Language]) -> dict[str, object]:
    body, dash, check = label.code.rpartition("-")
    return {
        "code": label.code,
        "modules": sum(encode_code128(label.code)),
        "body": body + dash,
        "check": check,
        "caption": " · ".join(CAPTIONS[label.kind][language] for language in languages),
        "sealed": " · ".join(SEALED[language] for language in languages) if label.keep_sealed else "",
        "lines": list(label.lines),
    }
