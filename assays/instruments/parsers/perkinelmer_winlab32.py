"""PerkinElmer WinLab32 results in long form (Optima, AAnalyst): one line for each sample and analyte.

A line has the mean and, sideways, every replicate (`Int (Corr)1`, `Conc (Calib)1`, ...); a blank is a single space. The short form has six
columns or so. What a standard was set to stands in brackets: `[5]`. Concentrations have no unit here unless a column gives it.

`Conc (Samp)` includes the dilution, `Conc (Calib)` does not; `Reported` is the same rounded, and stands for it where it comes alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .acquisitions import Line, LineCollector, Measured
from .cells import refuse_formula
from .channels import LONGEST_ANALYTE, Channel, read_channel, split_unit
from .measured_columns import find_sign_in, fold, note_passed_over, refuse_cut_end
from .model import Item, Kind, Notes, ParseError
from .nomenclature import ELEMENTS, read_value
from .source import Source
from .tables import Cell, Row, Table

FORMAT = "perkinelmer_winlab32"
TITLE = "PerkinElmer WinLab32 results, one line an analyte (.csv)"
_SEARCHED_ROWS = 15

_MEASURED = {
    "int (corr)": "corrected_intensity", "int (net)": "net_intensity", "int (raw)": "intensity", "mean signal": "intensity",
    "rsd (corr int)": "corrected_intensity_rsd", "sd (corr int)": "corrected_intensity_sd",
    "conc (calib)": "measured_concentration", "conc (samp)": "concentration",
    "reported conc (calib)": "reported_measured_concentration", "reported conc (samp)": "reported_concentration",
    "rsd (conc)": "concentration_rsd", "sd (conc)": "concentration_sd", "corr coef": "correlation_coefficient",
    "sd (conc calib)": "measured_concentration_sd", "sd (conc samp)": "concentration_sd",
}  # fmt: skip
_ALONE = {"reported_measured_concentration": "measured_concentration", "reported_concentration": "concentration"}
_FIELDS = {
    "sample id": "label", "analyte name": "name", "elem": "element", "wavelength": "wavelength", "date": "date", "time": "time",
    "a/s loc": "vial", "autosampler location": "vial", "sample type": "type", "calib units": "calib unit", "sample units": "samp unit",
    "calib unit": "calib unit", "calibration units": "calib unit", "units (calib)": "calib unit", "conc units (calib)": "calib unit",
    "conc calib units": "calib unit", "conc (calib) units": "calib unit", "sample unit": "samp unit", "samp units": "samp unit",
    "samp unit": "samp unit", "units (samp)": "samp unit", "units (sample)": "samp unit", "conc units (samp)": "samp unit",
    "conc samp units": "samp unit", "conc (samp) units": "samp unit", "units": "unit", "unit": "unit", "conc units": "unit",
}  # fmt: skip
_REPLICATE = re.compile(r"(?P<title>.*?\D) ?(?P<number>\d{1,3})")
_NOMINAL = re.compile(r"\[\s*(?P<number>[^\[\]]+?)\s*\]")


def recognise(source: Source) -> bool:
    """Whether a table of the file has a row of titles with `Sample ID`, `Analyte Name` and a WinLab32 quantity."""
    return any(_find_header(table) for table in source.tables)


def read(source: Source, notes: Notes) -> Iterator[Item]:
    """Every filled cell of every quantity, of the means and the replicates, as a reading."""
    rows = 0
    for table in source.tables:
        header = _find_header(table)
        if header is None:
            note_passed_over(table, notes)
            continue
        columns = _read_header(table, header, notes)
        collector = LineCollector(table, notes, rows, find_sign_in(table, columns.measured, header[0] + 1))
        number, cells = header
        for number, cells in table.read_rows():
            if number > header[0] and any(cell.text.strip() for cell in cells.values()):
                yield from collector.add(_read_line(collector, columns, number, cells))
        yield from collector.finish()
        refuse_cut_end(source, table, number, cells, max(header[1]), value=max(header[1]) in columns.measured)
        rows = collector.rows


def _find_header(table: Table) -> Row | None:
    for number, cells in table.read_rows():
        if number > _SEARCHED_ROWS:
            break
        titles = {fold(split_unit(cell.text)[0]) for cell in cells.values()}
        if {"sample id", "analyte name"} <= titles and titles & _MEASURED.keys():
            return number, cells
    return None


@dataclass
class _Columns:
    """What the columns mean, by index: quantities with the number of the replicate, units that titles bring,
    fields of the line (also of a replicate), and the numbers of the replicates themselves."""

    measured: dict[int, tuple[str, int | None]] = field(default_factory=dict)
    fields: dict[str, int] = field(default_factory=dict)
    titles: dict[int, str] = field(default_factory=dict)
    units: dict[int, str] = field(default_factory=dict)
    replicate_numbers: dict[int, int] = field(default_factory=dict)
    last: int = 0


def _read_header(table: Table, header: Row, notes: Notes) -> _Columns:
    number, cells = header
    columns = _Columns(last=max(cells))
    for index, cell in sorted(cells.items()):
        if cell.kind == "formula":
            raise refuse_formula(table, number, index)
        _add_column(table, columns, number, index, cell.text, notes)
    present = {quantity for quantity, _ in columns.measured.values()}
    columns.measured = {
        index: (_ALONE[quantity] if quantity in _ALONE and _ALONE[quantity] not in present else quantity, replicate)
        for index, (quantity, replicate) in columns.measured.items()
    }
    return columns


def _add_column(table: Table, columns: _Columns, number: int, index: int, text: str, notes: Notes) -> None:
    name, unit = split_unit(text)
    title = fold(name)
    found = _REPLICATE.fullmatch(title)
    plain, replicate = (found["title"].strip(), int(found["number"])) if found else (title, None)
    if title in _MEASURED or (replicate and plain in _MEASURED):
        what = (_MEASURED[plain], replicate)
        if what in columns.measured.values():
            raise ParseError("column_twice", f"The column {title!r} comes twice. Export the table again.", table.place(number, index))
        columns.measured[index] = what
        if unit:
            columns.units[index] = unit[:20]
    elif replicate and plain == "repl no":
        columns.replicate_numbers[replicate] = index
    elif replicate and plain in {"date", "time"}:
        columns.fields[f"{plain} {replicate}"] = index
    elif title in _FIELDS:
        if _FIELDS[title] in columns.fields:
            raise ParseError("column_twice", f"The column {title!r} comes twice. Export the table again.", table.place(number, index))
        columns.fields[_FIELDS[title]] = index
    elif title:
        columns.titles[index] = title[:80]
        notes.add("column_described", f"The column {title[:80]!r} is kept with the row's comment.", table.place(number, index))


def _read_line(collector: LineCollector, columns: _Columns, number: int, cells: Mapping[int, Cell]) -> Line:
    table = collector.table
    texts = {name: cells[index].text.strip() if index in cells else "" for name, index in columns.fields.items()}
    if fold(texts["label"]) == "sample id":
        raise ParseError("second_header", "A second header begins here. Export one results table a file.", table.place(number))
    known = {*columns.measured, *columns.fields.values(), *columns.titles, *columns.replicate_numbers.values()}
    for index, cell in cells.items():
        if index not in known and cell.text.strip():
            message = f"The value {cell.text[:40]!r} has no heading. Export the table again, or delete what was added by hand."
            raise ParseError("no_heading", message, table.place(number, index))
    label_column = columns.fields["label"]
    label = collector.cells.read_text("label", number, label_column, cells[label_column]) if label_column in cells else ""
    kind, measured = _read_measured(columns, cells, texts)
    return Line(
        number,
        label,
        _read_channel(table, number, columns, texts),
        measured,
        type=texts.get("type", "")[:40],
        kind=kind,
        acquired_at=_join_time(texts, ""),
        vial=texts.get("vial", "")[:40],
        others={title: cells[index].text.strip() for index, title in columns.titles.items() if index in cells},
    )


def _read_measured(columns: _Columns, cells: Mapping[int, Cell], texts: Mapping[str, str]) -> tuple[Kind | None, list[Measured]]:
    """The measured cells; a content in brackets is what a standard was set to, and makes the line a standard or a blank."""
    kind: Kind | None = None
    measured = []
    for index, (quantity, replicate) in columns.measured.items():
        cell = cells.get(index)
        if cell is None or not cell.text.strip():
            continue
        nominal = _NOMINAL.fullmatch(cell.text.strip()) if "concentration" in quantity else None
        suffix = "" if replicate is None else f" {replicate}"
        one = Measured(index, cell, quantity, _find_unit(columns, index, quantity, texts), _number_of(columns, cells, replicate))
        one.acquired_at = (_join_time(texts, suffix) or None) if suffix else None
        if nominal:
            one.cell, one.raw, one.quantity = cell._replace(text=nominal["number"]), cell.text, "nominal_concentration"
            kind = "blank" if read_value(nominal["number"])[0] == 0 else "standard"
        measured.append(one)
    return kind, measured


def _number_of(columns: _Columns, cells: Mapping[int, Cell], replicate: int | None) -> int | None:
    """The replicate's number as its own column says it, else that of the columns' titles."""
    cell = cells.get(columns.replicate_numbers[replicate]) if replicate in columns.replicate_numbers else None
    text = cell.text.strip() if cell is not None else ""
    return int(text) if text.isascii() and text.isdecimal() and 0 < int(text[:6]) <= 1000 else replicate


def _join_time(texts: Mapping[str, str], suffix: str) -> str:
    return " ".join(filter(None, (texts.get(f"date{suffix}", ""), texts.get(f"time{suffix}", ""))))[:60]


def _find_unit(columns: _Columns, index: int, quantity: str, texts: Mapping[str, str]) -> str | None:
    """The unit as the title brings it, a deviation's from the title of its mean; else as a column of the line says."""
    if quantity.endswith("_rsd"):
        return "%"
    base = quantity.removesuffix("_sd")
    titled = columns.units.get(index) or next((unit for at, unit in columns.units.items() if columns.measured[at][0] == base), None)
    if titled:
        return titled
    if "concentration" not in quantity:
        return None
    own = texts.get("calib unit" if "measured" in quantity else "samp unit", "")
    return (own or texts.get("unit", ""))[:20] or None


def _read_channel(table: Table, number: int, columns: _Columns, texts: Mapping[str, str]) -> Channel:
    """The analyte by its name, `Cr 267.716`; what the name does not say, the columns `Elem` and `Wavelength` do."""
    name, element, wavelength = texts["name"], texts.get("element", ""), texts.get("wavelength", "")
    channel = read_channel(name)
    if channel is None and element in ELEMENTS:
        channel = Channel(element)
    if channel is None:
        if not name:
            message = "The line names no analyte. Export the table again with the column Analyte Name."
            raise ParseError("no_analyte", message, table.place(number, columns.fields["name"]))
        channel = Channel(name[:LONGEST_ANALYTE])
    if element in ELEMENTS and element != channel.analyte and channel.analyte in ELEMENTS:
        message = f"The analyte is {name[:40]!r}, but the element is {element}: which one counts cannot be told. Export the table again."
        raise ParseError("analyte_differs", message, table.place(number, columns.fields["name"]))
    return channel if channel.line or not wavelength else channel._replace(line=wavelength[:64])
