"""Small export files made by code: workbooks written part by part, so that a test can spoil any of them, and delimited texts."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from assays.instruments.parsers.tables import name_column

SHARED = Path(os.environ.get("LIMS_SHARED_DATA") or Path(__file__).resolve().parents[5] / "shared" / "data") / "instruments"

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELATIONS = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'

DESCRIBING = ["Sample Name", "Type", "Rjct", "Vial Number", "Total Dil.", "Comment"]


def shared_file(name: str) -> Path:
    """A real export, or a skip that says where it was looked for."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"The real export {name} is not in {SHARED}; set LIMS_SHARED_DATA to the folder that holds `instruments`.")
    return path


def number(text: str, style: int = 0) -> str:
    """A numeric cell with exactly this text."""
    return f'<c s="{style}"><v>{text}</v></c>'


def text(content: str) -> str:
    """A text cell."""
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(content)}</t></is></c>'


def cell_of(value: object) -> str:
    """A cell for a plain value; text that begins with `<c` is taken as the cell's XML."""
    if value is None:
        return "<c/>"
    if isinstance(value, str):
        return value if value.startswith("<c") else text(value)
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    return number(str(value))


def sheet_xml(rows: Sequence[Sequence[object]]) -> str:
    lines = "".join(f'<row r="{place}">{"".join(cell_of(value) for value in row)}</row>' for place, row in enumerate(rows, 1))
    return f"<worksheet {_MAIN}><sheetData>{lines}</sheetData></worksheet>"


def workbook_parts(sheets: Mapping[str, Sequence[Sequence[object]]]) -> dict[str, str]:
    """The parts of a workbook. Style 1 shows dates."""
    names = list(sheets)
    listed = "".join(f'<sheet name="{escape(name)}" sheetId="{place}" r:id="rId{place}"/>' for place, name in enumerate(names, 1))
    targets = "".join(
        f'<Relationship Id="rId{place}" Type="worksheet" Target="worksheets/sheet{place}.xml"/>' for place in range(1, len(names) + 1)
    )
    return {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "xl/workbook.xml": f"<workbook {_MAIN} {_RELATIONS}><sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships>{targets}<Relationship Id="s" Type="styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet {_MAIN}><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>',
        **{f"xl/worksheets/sheet{place}.xml": sheet_xml(sheets[name]) for place, name in enumerate(names, 1)},
    }


def pack(parts: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


def make_workbook(rows: Sequence[Sequence[object]]) -> bytes:
    """A workbook with one sheet of these rows."""
    return pack(workbook_parts({"Sheet1": rows}))


def make_text(rows: Sequence[Sequence[object]], separator: str = ",") -> str:
    """The rows as delimited text with Windows line ends."""
    target = io.StringIO(newline="")
    csv.writer(target, delimiter=separator).writerows([["" if value is None else value for value in row] for row in rows])
    return target.getvalue()


def batch_rows(
    groups: Mapping[str, Sequence[str]], rows: Sequence[tuple[Sequence[object], Sequence[object]]], describing: Sequence[str] = DESCRIBING
) -> list[list[object]]:
    """The rows of a batch table: `groups` gives the columns under each heading, `rows` what describes a row and what was measured."""
    headings: list[object] = ["Sample"] + [None] * (len(describing) - 1)
    titles: list[object] = list(describing)
    for heading, columns in groups.items():
        headings += [heading] + [None] * (len(columns) - 1)
        titles += columns
    return [headings, titles, *([*described, *measured] for described, measured in rows)]


def describe(
    label: str, kind: str = "Sample", *, rejected: object = False, vial: object = None, dilution: object = 1, comment: object = None
) -> list[object]:
    """What describes a row, in the order of `DESCRIBING`."""
    return [label, kind, rejected, vial, dilution, comment]


def letters(index: int) -> str:
    return name_column(index)
