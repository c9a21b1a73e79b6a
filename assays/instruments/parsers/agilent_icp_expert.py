"""Agilent ICP Expert (5100, 5110, 5800) and Varian ICP Expert (Vista, 700) results in long form: one line for each solution and line.

`Solution Label,...,Type,Element,Flags,Soln Conc,Units,Corr Con,Units,Int,...,SD,RSD,...,DF,NumReps,Replicates,,,`: titles may come
twice, and a unit belongs to the quantity before it. After `Replicates` every second column is a replicate's intensity, the ones between
hold its flag.

`Soln Conc` is the content of the solution as measured. `Corr Con` is corrected for weight, volume and dilution: it is the concentration
with the dilution included where weight and volume are 1 or missing, and `corrected_concentration` otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from .acquisitions import Line, LineCollector, Measured
from .cells import refuse_formula
from .channels import LONGEST_ANALYTE, Channel, name_quantity, read_channel, split_unit
from .measured_columns import find_sign_in, fold, note_passed_over, refuse_cut_end
from .model import Item, Notes, ParseError
from .nomenclature import read_value, repair_mojibake
from .source import Source
from .tables import Cell, Row, Table

FORMAT = "agilent_icp_expert"
TITLE = "Agilent or Varian ICP Expert results, one line an analyte (.csv)"
_SEARCHED_ROWS = 15
_LONGEST_UNIT = 20

_MEASURED = {
    "soln conc": "measured_concentration", "solution conc": "measured_concentration", "conc": "measured_concentration",
    "concentration": "measured_concentration", "corr con": "concentration", "corr conc": "concentration",
    "corrected conc": "concentration", "int": "intensity", "intensity": "intensity", "net intensity": "net_intensity",
    "sd": "measured_concentration_sd", "rsd": "measured_concentration_rsd", "%rsd": "measured_concentration_rsd",
    "soln conc sd": "measured_concentration_sd", "soln conc rsd": "measured_concentration_rsd",
    "soln conc %rsd": "measured_concentration_rsd", "concentration sd": "measured_concentration_sd",
    "concentration rsd": "measured_concentration_rsd", "concentration %rsd": "measured_concentration_rsd",
    "concentration % rsd": "measured_concentration_rsd", "intsd": "intensity_sd", "intrsd": "intensity_rsd", "int sd": "intensity_sd",
    "int rsd": "intensity_rsd", "int %rsd": "intensity_rsd", "intensity sd": "intensity_sd", "intensity rsd": "intensity_rsd",
    "intensity %rsd": "intensity_rsd", "intensity % rsd": "intensity_rsd", "internal std": "internal_standard_ratio",
}  # fmt: skip
_FIELDS = {
    "solution label": "label", "label": "label", "sample label": "label", "type": "type", "element": "element", "element label": "element",
    "wavelength": "wavelength", "date": "date", "date time": "date", "time": "time", "df": "dilution", "dilution factor": "dilution",
    "dilution": "dilution", "tube": "vial", "rack:tube": "vial",
}  # fmt: skip
_UNITS = {"units", "unit"}
_AMOUNTS = {"act wgt", "act vol", "weight", "volume", "actual weight", "actual volume"}
_OWN = {
    "flags", "soln conc", "corr con", "solution label", "act wgt", "act vol", "rack:tube", "intrsd", "intensity %rsd", "numreps",
    "element label",
}  # fmt: skip


def recognise(source: Source) -> bool:
    """Whether a table of the file has a row of titles with a solution's label, `Element` and a concentration or intensity."""
    return any(_find_header(table) for table in source.tables)


def read(source: Source, notes: Notes) -> Iterator[Item]:
    """Every filled cell of every quantity, and every replicate, as a reading."""
    rows = 0
    for table in source.tables:
        header = _find_header(table)
        if header is None:
            note_passed_over(table, notes)
            continue
        columns = _read_header(table, header)
        sign = find_sign_in(table, columns.measured, header[0] + 1)
        collector = LineCollector(table, notes, rows, sign)
        number, cells, last = header[0], header[1], columns.last
        for number, cells in table.read_rows():
            if number > header[0] and any(cell.text.strip() for cell in cells.values()):
                line = _read_line(collector, columns, number, cells)
                last = max(columns.last, _find_last_replicate(columns, cells))
                yield from collector.add(line)
        yield from collector.finish()
        refuse_cut_end(source, table, number, cells, last, value=last in columns.measured or last > columns.last)
        rows = collector.rows


def _find_header(table: Table) -> Row | None:
    for number, cells in table.read_rows():
        if number > _SEARCHED_ROWS:
            break
        titles = {_fold_title(cell.text) for cell in cells.values()}
        if (
            titles & {"element", "element label"}
            and titles & {"solution label", "label"}
            and len(titles & _OWN) >= 2
            and titles & _MEASURED.keys()
        ):
            return number, cells
    return None


def _fold_title(text: str) -> str:
    return fold(split_unit(text)[0])


@dataclass
class _Columns:
    """What the columns mean, by index. `units` maps a quantity's column to the one that holds its unit; `replicates` is the first column
    of the replicates, which run to the end."""

    measured: dict[int, tuple[str, str | None]] = field(default_factory=dict)
    units: dict[int, int] = field(default_factory=dict)
    fields: dict[str, int] = field(default_factory=dict)
    titles: dict[int, str] = field(default_factory=dict)
    amounts: tuple[int, ...] = ()
    counts: int | None = None
    replicates: int | None = None
    last: int = 0


def _read_header(table: Table, header: Row) -> _Columns:
    number, cells = header
    columns = _Columns(last=max(cells))
    before: int | None = None
    named: set[str] = set()
    for index, cell in sorted(cells.items()):
        if cell.kind == "formula":
            raise refuse_formula(table, number, index)
        title = _fold_title(cell.text)
        if title not in _MEASURED and title not in _FIELDS and _has_units_behind(cells, index, title):
            quantity = name_quantity(title)
            _refuse_twice(table, number, index, title, quantity in {known for known, _ in columns.measured.values()})
            columns.measured[index] = (quantity, None)
            before = index
        elif title in _MEASURED:
            _refuse_twice(table, number, index, title, _MEASURED[title] in {quantity for quantity, _ in columns.measured.values()})
            columns.measured[index] = (_MEASURED[title], split_unit(cell.text)[1])
            before = index
        elif title in _UNITS:
            if before is None or before in columns.units:
                message = "A column of units stands behind no quantity. Export the table again."
                raise ParseError("column_misplaced", message, table.place(number, index))
            columns.units[before] = index
        elif title == "replicates":
            columns.replicates = index
        elif title in _FIELDS and _FIELDS[title] not in columns.fields:
            columns.fields[_FIELDS[title]] = index
            named.add(title)
        elif title:
            _refuse_twice(table, number, index, title, title in named)
            columns.titles[index] = title[:80] if title not in columns.titles.values() else f"{title[:80]} in column {index + 1}"
    columns.amounts = tuple(index for index, title in columns.titles.items() if title in _AMOUNTS)
    columns.counts = next((index for index, title in columns.titles.items() if title in {"numreps", "num reps"}), None)
    return columns


def _has_units_behind(cells: Mapping[int, Cell], index: int, title: str) -> bool:
    """Whether a title that is not known is a quantity, since the column behind it holds its unit."""
    behind = cells.get(index + 1)
    return bool(title) and title not in _UNITS and behind is not None and _fold_title(behind.text) in _UNITS


def _refuse_twice(table: Table, number: int, index: int, title: str, is_twice: bool) -> None:
    if is_twice:
        message = f"The column {title!r} comes twice: which one counts cannot be told. Export the table again."
        raise ParseError("column_twice", message, table.place(number, index))


def _read_line(collector: LineCollector, columns: _Columns, number: int, cells: Mapping[int, Cell]) -> Line:
    table, label_column = collector.table, columns.fields["label"]
    texts = {name: cells[index].text.strip() if index in cells else "" for name, index in columns.fields.items()}
    if _fold_title(texts["label"]) in {"solution label", "label"} and _fold_title(texts["element"]) in {"element", "element label"}:
        raise ParseError("second_header", "A second header begins here. Export one worksheet a file.", table.place(number))
    known = {*columns.measured, *columns.units.values(), *columns.fields.values(), *columns.titles}
    for index, cell in cells.items():
        is_replicate = columns.replicates is not None and index >= columns.replicates
        if index not in known and not is_replicate and cell.text.strip():
            message = f"The value {cell.text[:40]!r} has no heading. Export the table again, or delete what was added by hand."
            raise ParseError("no_heading", message, table.place(number, index))
    replicates, flags = _read_replicates(collector, columns, number, cells)
    others = {title: cells[index].text.strip() for index, title in columns.titles.items() if index in cells}
    return Line(
        number,
        collector.cells.read_text("label", number, label_column, cells[label_column]) if label_column in cells else "",
        _read_channel(table, number, columns, texts),
        [*_read_measured(collector, columns, cells), *replicates],
        type=texts.get("type", "")[:40],
        acquired_at=" ".join(filter(None, (texts.get("date", ""), texts.get("time", ""))))[:60],
        vial=texts.get("vial", "")[:40],
        dilution=collector.cells.read_dilution(number, texts.get("dilution", "")),
        others=others | ({"flags of replicates": flags} if flags else {}),
    )


def _read_measured(collector: LineCollector, columns: _Columns, cells: Mapping[int, Cell]) -> Iterator[Measured]:
    is_plain = all(_is_one(cells.get(index), collector.cells.decimal_sign) for index in columns.amounts)
    units = {index: _read_unit(columns, index, cells) for index in columns.measured}
    solution = next((units[index] for index, (quantity, _) in columns.measured.items() if quantity == "measured_concentration"), None)
    for index, (quantity, _) in columns.measured.items():
        cell = cells.get(index)
        if cell is None or not cell.text.strip():
            continue
        unit = units[index]
        if quantity.endswith("_rsd"):
            unit = unit or "%"
        elif quantity == "measured_concentration_sd":
            unit = unit or solution
        elif quantity == "concentration" and not is_plain:
            quantity = "corrected_concentration"
        yield Measured(index, cell, quantity, unit)


def _is_one(cell: Cell | None, decimal_sign: str) -> bool:
    return cell is None or not cell.text.strip() or read_value(cell.text, decimal_sign)[0] == Decimal(1)


def _read_unit(columns: _Columns, index: int, cells: Mapping[int, Cell]) -> str | None:
    """The unit as the line writes it, else as the title does."""
    cell = cells.get(columns.units[index]) if index in columns.units else None
    text = repair_mojibake(cell.text).strip() if cell is not None else columns.measured[index][1]
    return text[:_LONGEST_UNIT] or None if text else None


def _read_replicates(collector: LineCollector, columns: _Columns, number: int, cells: Mapping[int, Cell]) -> tuple[list[Measured], str]:
    """The replicates' intensities, and the flags that stand between them."""
    if columns.replicates is None:
        return [], ""
    filled = [(index, cell) for index, cell in sorted(cells.items()) if index >= columns.replicates and cell.text.strip()]
    between = [(index, cell) for index, cell in filled if (index - columns.replicates) % 2]
    numeric = [index for index, cell in between if read_value(cell.text, collector.cells.decimal_sign)[0] is not None]
    if not numeric:
        found = [(index, cell, (index - columns.replicates) // 2 + 1) for index, cell in filled if (index, cell) not in between]
        flags = ", ".join(f"{(index - columns.replicates) // 2 + 1} {cell.text.strip()}" for index, cell in between)
        return [Measured(index, cell, "intensity", replicate=place) for index, cell, place in found], flags
    said = len(filled) if columns.counts is None else _count_replicates(columns, cells)
    if len(filled) != said or filled[-1][0] - columns.replicates != len(filled) - 1:
        message = "The replicates stand neither in every column nor in every second one. Export the table again."
        raise ParseError("bad_replicates", message, collector.table.place(number, numeric[0]))
    return [Measured(index, cell, "intensity", replicate=place) for place, (index, cell) in enumerate(filled, 1)], ""


def _count_replicates(columns: _Columns, cells: Mapping[int, Cell]) -> int:
    text = cells[columns.counts].text.strip() if columns.counts is not None and columns.counts in cells else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0


def _find_last_replicate(columns: _Columns, cells: Mapping[int, Cell]) -> int:
    """The column of the last replicate a line should have, flags between them or not; far out where it does not say how many."""
    if columns.replicates is None:
        return 0
    return columns.replicates + 2 * (_count_replicates(columns, cells) or 1000) - 2


def _read_channel(table: Table, number: int, columns: _Columns, texts: Mapping[str, str]) -> Channel:
    text = texts["element"]
    if not text:
        raise ParseError("no_analyte", "The line names no element. Export the table again.", table.place(number, columns.fields["element"]))
    channel = read_channel(text) or Channel(text[:LONGEST_ANALYTE])
    wavelength = texts.get("wavelength", "")
    return channel if channel.line or not wavelength else channel._replace(line=wavelength[:64])
