"""The template for importing samples: columns that a spreadsheet leaves alone, lists to choose from, and what each column means."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import xlsxwriter
from django.utils.translation import gettext as _

from samples.models import Mine
from samples.models.samples import Material, SamplingMethod
from samples.services.sheet_cells import COLUMNS, REQUIRED
from samples.sheets import MOST_ROWS

_TEXT, _NUMBER, _MOMENT = "text", "number", "moment"
_NUMBERS = ("mass_g", "latitude", "longitude", "depth_from_m", "depth_to_m", "container_count")
_KINDS = {"collected_at": _MOMENT, **dict.fromkeys(_NUMBERS, _NUMBER)}


def column_notes() -> list[tuple[str, bool, str, str]]:
    """Each column: its name, whether it is needed, what it means, an example."""
    notes = {
        "mine": (_("Code or name of the mine"), "PW1"),
        "pit": (_("Code of the pit within the mine"), "P1"),
        "visit": (_("Code of the exploration visit"), "V-26-00001-P"),
        "field_id": (_("What stands on the bag; once per organisation"), "PW1-0042"),
        "duplicate_of": (_("Field id or code of the sample this one repeats"), "PW1-0041"),
        "material": (", ".join(Material.values), "clay"),
        "method": (", ".join(SamplingMethod.values), "channel"),
        "collected_by": (_("Who took it; empty for whoever imports"), "A. Rao"),
        "collected_at": (_("Date and time at the place"), "2026-03-02 09:15"),
        "collected_zone": (_("Time zone of the place, if not Asia/Yangon"), "Asia/Yangon"),
        "latitude": (_("Decimal degrees, WGS 84"), "25.923450"),
        "longitude": (_("Decimal degrees, WGS 84"), "98.612350"),
        "depth_from_m": (_("Beginning of the interval, metres below the surface"), "1.2"),
        "depth_to_m": (_("End of the interval, metres below the surface"), "1.8"),
        "mass_g": (_("Mass as weighed, grams"), "2140.5"),
        "container": (_("What it is packed in"), "poly bag"),
        "code": (_("Code of a label printed before the field; empty: a new one is given"), ""),
        "container_count": (_("How many of them, if not one"), "1"),
        "seal_number": (_("Number of the seal; used once"), "SEAL-004211"),
        "remark": (_("Anything else"), ""),
    }
    return [(name, name in REQUIRED, *notes[name]) for name in COLUMNS]


def draw_template(mines: Iterable[Mine]) -> bytes:
    """The XLSX template, with the caller's mines on a sheet of their own."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    heading = book.add_format({"bold": True, "bg_color": "#F4E9E2", "border": 1})
    optional = book.add_format({"bg_color": "#F6F4EF", "border": 1})
    formats = {
        _TEXT: book.add_format({"num_format": "@"}),
        _NUMBER: book.add_format({"num_format": "General"}),
        _MOMENT: book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
    }
    sheet = book.add_worksheet("samples")
    sheet.freeze_panes(1, 0)
    for index, (name, needed, meaning, example) in enumerate(column_notes()):
        sheet.set_column(index, index, max(12, len(name) + 3), formats[_KINDS.get(name, _TEXT)])
        sheet.write_string(0, index, name, heading if needed else optional)
        sheet.write_comment(0, index, f"{meaning}. {example}".strip(". "))
        choices = {"material": Material.values, "method": SamplingMethod.values}.get(name)
        if choices:
            sheet.data_validation(1, index, MOST_ROWS, index, {"validate": "list", "source": list(choices)})
    _write_table(book, "notes", [_("Column"), _("Needed"), _("Meaning"), _("Example")], _note_rows())
    _write_table(book, "mines", [_("Code"), _("Name"), _("Belt")], [(mine.code, mine.name, mine.belt) for mine in mines])
    book.close()
    return out.getvalue()


def _note_rows() -> list[tuple[str, str, str, str]]:
    return [(name, _("yes") if needed else "", meaning, example) for name, needed, meaning, example in column_notes()]


def _write_table(book: xlsxwriter.Workbook, title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    sheet = book.add_worksheet(title)
    sheet.set_column(0, len(headings) - 1, 28)
    for index, heading in enumerate(headings):
        sheet.write_string(0, index, heading)
    for number, row in enumerate(rows, start=1):
        for index, text in enumerate(row):
            sheet.write_string(number, index, text)
