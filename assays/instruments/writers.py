"""Write MassHunter batch tables as the instrument's software lays them out, for the demonstration laboratory and for tests. Pure.

The layout is that of a table with `Conc.`, `Conc. RSD`, `CPS` and `CPS RSD` under every analyte: analyte headings over merged cells in
row 1, column titles in row 2, one acquisition a row from row 3. The same input gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO

import xlsxwriter  # type: ignore[import-untyped]

Value = Decimal | str | None
"""A number, or the text that stands for one (`<0.000`, `N/A`), or an empty cell."""

_DESCRIBING = ("Sample Name", "Acq. Date-Time", "Data File", "Type", "Comment", "Total Dil.")
_CREATED = datetime(2000, 1, 1, tzinfo=UTC)
_DIGITS = 15  # what a spreadsheet keeps of a number


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
    """A batch table as .xlsx. Raises `ValueError` for a number with more digits than a spreadsheet keeps, which would be written wrong."""
    target = BytesIO()
    book = xlsxwriter.Workbook(
        target, {"in_memory": True, "strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"created": _CREATED})
    sheet = book.add_worksheet("Sheet1")
    moment = book.add_format({"num_format": "m/d/yy h:mm"})
    titles = (f"Conc. [ {unit} ]", "Conc. RSD", "CPS", "CPS RSD")
    sheet.merge_range(0, 0, 0, len(_DESCRIBING) - 1, "Sample")
    sheet.write_row(1, 0, _DESCRIBING)
    for place, analyte in enumerate(analytes):
        column = len(_DESCRIBING) + place * len(titles)
        sheet.merge_range(0, column, 0, column + len(titles) - 1, analyte.heading)
        sheet.write_row(1, column, titles)
    for number, row in enumerate(rows, 2):
        for column, text in ((0, row.sample), (2, row.data_file), (3, row.type), (4, row.comment)):
            _write_value(sheet, number, column, text)
        if row.acquired_at is not None:
            sheet.write_datetime(number, 1, row.acquired_at, moment)
        _write_value(sheet, number, 5, row.total_dilution)
        for place, analyte in enumerate(analytes):
            values = row.values.get(analyte.heading) or row.values.get(analyte.symbol) or BatchValues()
            column = len(_DESCRIBING) + place * len(titles)
            for offset, value in enumerate((values.concentration, values.concentration_rsd, values.counts, values.counts_rsd)):
                _write_value(sheet, number, column + offset, value)
    book.close()
    return target.getvalue()


def _write_value(sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, value: Value) -> None:
    if isinstance(value, Decimal):
        if len(value.normalize().as_tuple().digits) > _DIGITS:
            raise ValueError(f"{value} has more than the {_DIGITS} digits that a spreadsheet keeps.")
        sheet.write_number(row, column, float(value))
    elif value:
        sheet.write_string(row, column, value)
