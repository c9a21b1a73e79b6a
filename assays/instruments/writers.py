"""Write MassHunter batch tables as the instrument's software lays them out, for the demonstration laboratory and for tests. Pure.

The layout is that of a table with `Conc.`, `Conc. RSD`, `CPS` and `CPS RSD` under every analyte: analyte headings over merged cells in
row 1, column titles in row 2, one acquisition a row from row 3. The same input gives the same bytes. Written part by part, since a library
that goes by way of floats would turn 0.8281 into 0.8280999999999999.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from xml.sax.saxutils import escape

from .parsers.model import Place
from .parsers.tables import check_text, name_column

Value = Decimal | str | None
"""A number, or the text that stands for one (`<0.000`, `N/A`), or an empty cell."""

_DESCRIBING = ("Sample Name", "Acq. Date-Time", "Data File", "Type", "Comment", "Total Dil.")
_MEASURED = ("Conc. [ {unit} ]", "Conc. RSD", "CPS", "CPS RSD")
_DIGITS = 15  # what a spreadsheet keeps of a number
_MOMENT_STYLE = 1


@dataclass(frozen=True, slots=True)
class BatchAnalyte:
    """One analyte heading. `first_mass` is set for MS/MS pairs (`159 -> 175`)."""

    symbol: str
    mass: int
    gas_mode: str = "He"
    first_mass: int | None = None

    @property
    def heading(self) -> str:
        """The heading with the instrument's own spaces: `159  Tb  [ He ] `."""
        mass = f"{self.first_mass} -> {self.mass}" if self.first_mass else str(self.mass)
        return f"{mass}  {self.symbol}  [ {self.gas_mode} ] "


# The masses usually measured, La to Lu and Y, each free of isobars or nearly so.
REE_ANALYTES = tuple(
    BatchAnalyte(symbol, mass)
    for symbol, mass in (
        ("Y", 89), ("La", 139), ("Ce", 140), ("Pr", 141), ("Nd", 146), ("Sm", 147), ("Eu", 153), ("Gd", 157), ("Tb", 159),
        ("Dy", 163), ("Ho", 165), ("Er", 166), ("Tm", 169), ("Yb", 172), ("Lu", 175),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BatchValues:
    """What was measured of one analyte: concentration with the dilution included, counts per second, and relative deviations in percent."""

    concentration: Value = None
    concentration_rsd: Value = None
    counts: Value = None
    counts_rsd: Value = None


@dataclass(frozen=True)
class BatchRow:
    """One acquisition. `values` are given by analyte symbol, or by heading for an analyte measured in two gas modes.

    `acquired_at` is the instrument's local time without a zone.
    """

    sample: str
    type: str
    values: Mapping[str, BatchValues] = field(default_factory=dict)
    data_file: str = ""
    acquired_at: datetime | None = None
    comment: str = ""
    total_dilution: Decimal = Decimal(1)


def write_batch_table(rows: Sequence[BatchRow], analytes: Sequence[BatchAnalyte] = REE_ANALYTES, unit: str = "ppb") -> bytes:
    """A batch table as .xlsx.

    Raises `ValueError` for a number a spreadsheet would not keep to the digit, `ParseError` for a text no cell can hold.
    """
    sheet = _Sheet()
    titles = [title.format(unit=unit) for title in _MEASURED]
    spans = [(0, len(_DESCRIBING))] + [(len(_DESCRIBING) + place * len(titles), len(titles)) for place in range(len(analytes))]
    headings = ["Sample", *(analyte.heading for analyte in analytes)]
    sheet.add_row({start: heading for (start, _), heading in zip(spans, headings, strict=True)})
    sheet.add_row(dict(enumerate([*_DESCRIBING, *titles * len(analytes)])))
    for row in rows:
        described = (row.sample, row.acquired_at, row.data_file, row.type, row.comment, row.total_dilution)
        measured = [value for analyte in analytes for value in _list_values(row, analyte)]
        sheet.add_row(dict(enumerate([*described, *measured])))
    return _pack(sheet, [f"{name_column(start)}1:{name_column(start + width - 1)}1" for start, width in spans])


def _list_values(row: BatchRow, analyte: BatchAnalyte) -> tuple[Value, Value, Value, Value]:
    values = row.values.get(analyte.heading) or row.values.get(analyte.symbol) or BatchValues()
    return values.concentration, values.concentration_rsd, values.counts, values.counts_rsd


class _Sheet:
    """Rows of cells as XML, texts gathered in the table of shared strings."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self.strings: dict[str, int] = {}

    def add_row(self, cells: Mapping[int, Value | datetime]) -> None:
        number = len(self.rows) + 1
        content = "".join(self._make_cell(f"{name_column(column)}{number}", value) for column, value in cells.items())
        self.rows.append(f'<row r="{number}">{content}</row>')

    def _make_cell(self, reference: str, value: Value | datetime) -> str:
        if value is None or value == "":
            return ""
        if isinstance(value, datetime):
            days = Decimal((value - datetime(1899, 12, 30)) // timedelta(milliseconds=1)) / 86_400_000  # noqa: DTZ001 - a cell has no zone
            return f'<c r="{reference}" s="{_MOMENT_STYLE}"><v>{days:.10f}</v></c>'
        if isinstance(value, Decimal):
            if not value.is_finite() or len(value.normalize().as_tuple().digits) > _DIGITS:
                raise ValueError(f"{value} is no number of at most {_DIGITS} digits, which is what a spreadsheet keeps.")
            return f'<c r="{reference}"><v>{value}</v></c>'
        return f'<c r="{reference}" t="s"><v>{self.strings.setdefault(check_text(value, Place()), len(self.strings))}</v></c>'


def _escape(text: str) -> str:
    """XML text; what only looks like an escaped character (`_x0041_`) is protected (ECMA-376 part 1, 22.9.2.19)."""
    return escape(re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text)).replace("\r", "_x000D_")


def _pack(sheet: _Sheet, merged: Sequence[str]) -> bytes:
    strings = "".join(f'<si><t xml:space="preserve">{_escape(text)}</t></si>' for text in sheet.strings)
    merges = "".join(f'<mergeCell ref="{span}"/>' for span in merged)
    parts = _FIXED_PARTS | {
        "xl/sharedStrings.xml": f'<sst {_MAIN} uniqueCount="{len(sheet.strings)}">{strings}</sst>',
        "xl/worksheets/sheet1.xml": f"<worksheet {_MAIN}><sheetData>{''.join(sheet.rows)}</sheetData>"
        f'<mergeCells count="{len(merged)}">{merges}</mergeCells></worksheet>',
    }
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for path, content in parts.items():
            part = zipfile.ZipInfo(path, date_time=(1980, 1, 1, 0, 0, 0))
            part.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(part, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{content}')
    return target.getvalue()


def _relate(*targets: tuple[str, str]) -> str:
    """A part that relates an identifier (`rId1`, `rId2`, ...) to each target by its kind."""
    entries = (f'<Relationship Id="rId{place}" Type="{_OFFICE}/{kind}" Target="{path}"/>' for place, (kind, path) in enumerate(targets, 1))
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{"".join(entries)}</Relationships>'


def _list_types(kinds: Mapping[str, str]) -> str:
    """The part that says what the other parts are."""
    media = "application/vnd.openxmlformats"
    overrides = (
        f'<Override PartName="/{path}" ContentType="{media}-officedocument.spreadsheetml.{kind}+xml"/>' for path, kind in kinds.items()
    )
    default = f'<Default Extension="rels" ContentType="{media}-package.relationships+xml"/>'
    return f'<Types xmlns="{_PACKAGE}/content-types">{default}{"".join(overrides)}</Types>'


_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PLAIN = 'fontId="0" fillId="0" borderId="0"'
_FIXED_PARTS = {
    "[Content_Types].xml": _list_types(
        {
            "xl/workbook.xml": "sheet.main",
            "xl/worksheets/sheet1.xml": "worksheet",
            "xl/styles.xml": "styles",
            "xl/sharedStrings.xml": "sharedStrings",
        }
    ),
    "_rels/.rels": _relate(("officeDocument", "xl/workbook.xml")),
    "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_OFFICE}"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": _relate(
        ("worksheet", "worksheets/sheet1.xml"), ("styles", "styles.xml"), ("sharedStrings", "sharedStrings.xml")
    ),
    "xl/styles.xml": (
        f'<styleSheet {_MAIN}><fonts count="1"><font><sz val="9"/><name val="Arial"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        f'<cellStyleXfs count="1"><xf numFmtId="0" {_PLAIN}/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0" {_PLAIN} xfId="0"/>'
        f'<xf numFmtId="22" {_PLAIN} xfId="0" applyNumberFormat="1"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    ),
}
