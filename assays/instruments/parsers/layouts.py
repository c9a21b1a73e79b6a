"""What a laboratory teaches about a table: which row heads it, what each column is, and what a heading means by a pattern. Pure values.

A layout is strict. Every heading of a file must be one that was taught or fit exactly one pattern, and exactly one row of one table may be
the header: whatever else a file looks like, it is not of this layout.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from .formulas import LONGEST_ANALYTE, read_analyte
from .model import CONCENTRATIONS, ParseError
from .nomenclature import ELEMENTS, read_unit
from .tables import Row, Table

Role = Literal[
    "label", "type", "vial", "acquired_at", "comment", "ignore", "value", "analyte", "quantity", "unit", "line", "gas_mode", "replicate",
    "dilution",
]  # fmt: skip
"""What a column is. `value` holds numbers, `dilution` the factor that concentrations already include; from `analyte` to `replicate`
only where a line of the file is one reading (the long form)."""

ONE_OF_EACH: frozenset[Role] = frozenset(
    {"label", "type", "vial", "analyte", "quantity", "unit", "line", "gas_mode", "replicate", "dilution"}
)
LONG_ONLY: frozenset[Role] = frozenset({"analyte", "quantity", "unit", "line", "gas_mode", "replicate"})
QUANTITIES = (*CONCENTRATIONS, "counts", "intensity")
_NO_DILUTION = (
    "A concentration that includes the dilution needs the column that holds it, so that it is never applied twice. "
    "Name that column, or choose the concentration as measured."
)
# How far below its place in the example a header is looked for: programs write more or fewer lines above it.
_SLACK = 20

# Taken whole or not at all (`?>`): `Dy2O3` is never the element `Dy2O` with the line 3.
_ANALYTE = f"(?>(?:{'|'.join(sorted(ELEMENTS, key=len, reverse=True))})(?:[0-9]?O[0-9]{{0,2}})?)"
_PARTS = {
    "analyte": _ANALYTE,
    "line": r"[0-9]{1,3}(?:\.[0-9]+)?(?: ?-> ?[0-9]{1,3})?(?: ?nm)?",
    "unit": r"[^\s()\[\]]+",
    "gas": r"[^()\[\]]+",
    "quantity": r"[^()\[\]]+",
}


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """One column by its heading; `nth` tells headings apart that stand there several times. The rest is of columns of values in the wide
    form: what is measured, and in which unit where the file does not say it."""

    heading: str
    role: Role
    nth: int = 1
    analyte: str = ""
    line: str = ""
    gas_mode: str = ""
    quantity: str = "measured_concentration"
    unit: str = ""

    @property
    def channel(self) -> tuple[str, str, str, str]:
        """What a value in it is of: two columns may not say the same."""
        return self.analyte, self.line, self.gas_mode, self.quantity


@dataclass(frozen=True, slots=True)
class HeadingPattern:
    """A column of values by how its heading is made: `{analyte} {line} ({unit})`, with the parts `{analyte}`, `{line}`, `{unit}`, `{gas}`
    and `{quantity}`; everything else stands for itself. `quantity` and `unit` serve where the heading does not say them."""

    template: str
    quantity: str = "measured_concentration"
    unit: str = ""

    def read(self, heading: str) -> MappedColumn | None:
        """The column the heading means, or none where it does not fit or names no element or no unit."""
        found = _compile(self.template).fullmatch(heading)
        parts = found.groupdict("") if found else {}
        if not parts or read_analyte(parts["analyte"]) is None or ("unit" in parts and read_unit(parts["unit"]) is None):
            return None
        return MappedColumn(
            heading,
            "value",
            analyte=parts["analyte"],
            line=parts.get("line", ""),
            gas_mode=parts.get("gas", "").strip(),
            quantity=parts.get("quantity", "").strip() or self.quantity,
            unit=parts.get("unit", "") or self.unit,
        )


@lru_cache(maxsize=512)
def _compile(template: str) -> re.Pattern[str]:
    pieces = re.split(r"\{(\w+)\}", fold_heading(template))
    return re.compile("".join(re.escape(piece) if at % 2 == 0 else f"(?P<{piece}>{_PARTS[piece]})" for at, piece in enumerate(pieces)))


@dataclass(frozen=True, slots=True)
class Layout:
    """A taught layout. `header_row` is where the header stood in the example; `separator` is none for a workbook; `sheet` names the sheet
    where only one of that name is meant. `units_row` says that the row below the header holds units."""

    columns: tuple[MappedColumn, ...]
    header_row: int
    form: Literal["wide", "long"] = "wide"
    separator: str | None = None
    sheet: str = ""
    units_row: bool = False
    decimal_sign: Literal[".", ","] = "."
    missing: tuple[str, ...] = ()
    patterns: tuple[HeadingPattern, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """Where a layout's header stands in a table, and what each of its columns is."""

    row: int
    columns: Mapping[int, MappedColumn]


def fold_heading(text: str) -> str:
    """A heading with its white space made single; capitals count, `Co` is not `CO`."""
    return " ".join(text.split())


def find_faults(layout: Layout) -> list[tuple[str, str]]:
    """Why the layout cannot be used: the heading (or nothing) and a sentence each; empty when it can."""
    return [*_check_columns(layout), *_check_patterns(layout), *_check_whole(layout)]


def _check_columns(layout: Layout) -> Iterator[tuple[str, str]]:
    roles = Counter(column.role for column in layout.columns)
    if not roles["label"]:
        yield "", "Say which column holds the sample names."
    if layout.form == "long" and not roles["analyte"]:
        yield "", "Say which column holds the analytes."
    if layout.form == "long":
        yield from _check_lines(layout)
    channels = Counter(column.channel for column in layout.columns if column.role == "value")
    for column in layout.columns:
        if column.role in ONE_OF_EACH and roles[column.role] > 1:
            yield column.heading, f"Only one column can be the {column.role.replace('_', ' ')}."
        if column.role in LONG_ONLY and layout.form == "wide":
            yield column.heading, "This is a column of the long form, where each line is one reading."
        if column.role == "value":
            yield from _check_value(layout, column, channels[column.channel])


def _check_lines(layout: Layout) -> Iterator[tuple[str, str]]:
    """What a column says of every value of its line can neither tell the values of the line apart nor be passed over by all of them."""
    values = [column for column in layout.columns if column.role == "value"]
    if len(values) < 2:
        return
    for column in layout.columns:
        if column.role == "quantity":
            yield column.heading, "It says the quantity of a whole line, in which several columns hold values. Leave one column of values."
        no_concentration = not any(one.quantity in CONCENTRATIONS for one in values)
        if column.role == "unit" and no_concentration:
            yield column.heading, "It is the unit of concentrations, and no column holds one. Give each column of values its unit here."
        told = [one.line if column.role == "line" else one.gas_mode for one in values]
        if column.role in {"line", "gas_mode"} and any(told):
            what = column.role.replace("_", " ")
            yield (
                column.heading,
                f"It says the {what} of a whole line, so no column of values has its own. Clear it there, or leave this column out.",
            )


def _check_value(layout: Layout, column: MappedColumn, times: int) -> Iterator[tuple[str, str]]:
    if layout.form == "wide" and read_analyte(column.analyte) is None:
        yield column.heading, f"{column.analyte or 'An empty name'} is no element and no oxide. Name what the column measures."
    if times > 1:
        what = f"{column.quantity.replace('_', ' ')} of {column.analyte}" if column.analyte else column.quantity.replace("_", " ")
        yield column.heading, f"Several columns hold the {what}. Tell them apart by line, gas mode or quantity, or leave one out."
    if column.unit and read_unit(column.unit) is None:
        yield column.heading, f"{column.unit} is no unit known here."
    if column.quantity == "concentration" and not any(one.role == "dilution" for one in layout.columns):
        yield column.heading, _NO_DILUTION
    has_unit = column.unit or layout.units_row or any(one.role == "unit" for one in layout.columns)
    if column.quantity in CONCENTRATIONS and not has_unit:
        yield column.heading, "A concentration needs its unit. Give it here, or say where the file holds it."


def _check_patterns(layout: Layout) -> Iterator[tuple[str, str]]:
    for pattern in layout.patterns:
        parts = re.findall(r"\{(\w+)\}", pattern.template)
        rest = re.sub(r"\{\w+\}", "", pattern.template)
        if unknown := [part for part in parts if part not in _PARTS]:
            yield "", f"{{{unknown[0]}}} is no part of a heading. There are {', '.join(f'{{{part}}}' for part in _PARTS)}."
        elif "analyte" not in parts or len(parts) != len(set(parts)) or "{" in rest or "}" in rest:
            yield "", f"The pattern {pattern.template!r} must hold {{analyte}}, and each part once."
        elif pattern.unit and read_unit(pattern.unit) is None:
            yield "", f"{pattern.unit} is no unit known here."
        elif pattern.quantity == "concentration" and not any(one.role == "dilution" for one in layout.columns):
            yield "", _NO_DILUTION
        elif "unit" not in parts and not pattern.unit and not layout.units_row and pattern.quantity in CONCENTRATIONS:
            yield "", f"A concentration needs its unit: the pattern {pattern.template!r} does not say it."


def _check_whole(layout: Layout) -> Iterator[tuple[str, str]]:
    if layout.form == "long" and layout.patterns:
        yield "", "Patterns over headings are of the wide form only."
    if not layout.patterns and not any(column.role == "value" for column in layout.columns):
        yield "", "Say which columns hold the values."
    quantities = {pattern.quantity for pattern in layout.patterns}
    quantities |= {column.quantity for column in layout.columns if column.role == "value"}
    if "concentration" not in quantities and any(column.role == "dilution" for column in layout.columns):
        yield "", "A column is the dilution included in the values, but no value includes it. Say so of them, or let it describe."
    if len({(column.heading, column.nth) for column in layout.columns}) != len(layout.columns):
        yield "", "A column was described twice."


def find_header(layout: Layout, table: Table) -> Header | None:
    """The one row of the table that heads it as the layout says, or none. Raises `ParseError` where more than one row does, or where a
    heading fits several patterns."""
    if table.separator != layout.separator or (layout.sheet and table.sheet != layout.sheet):
        return None
    found: list[Header] = []
    for number, cells in table.read_rows():
        if number > layout.header_row + _SLACK:
            break
        columns = _read_headings(layout, table, (number, cells))
        if columns is not None:
            found.append(Header(number, columns))
    if len(found) > 1:
        message = f"Rows {found[0].row} and {found[1].row} both look like the header. Export the table with one header."
        raise ParseError("mapping_ambiguous", message, table.place(found[1].row))
    return found[0] if found else None


def number_headings(row: Row) -> dict[int, tuple[str, int]]:
    """The headings of a row by column index, each with the how manieth of its text it is, from the left."""
    seen: Counter[str] = Counter()
    numbered = {}
    for index, cell in sorted(row[1].items()):
        heading = fold_heading(cell.text)
        if heading:
            seen[heading] += 1
            numbered[index] = (heading, seen[heading])
    return numbered


def _read_headings(layout: Layout, table: Table, row: Row) -> dict[int, MappedColumn] | None:
    taught = {(column.heading, column.nth): column for column in layout.columns}
    headings = number_headings(row)
    needed = {key for key, column in taught.items() if column.role not in {"ignore", "comment"}}
    if not needed <= set(headings.values()):
        return None
    if _is_order_fixed(layout) and list(headings.values()) != list(taught):
        return None
    columns: dict[int, MappedColumn] = {}
    for index, key in headings.items():
        column = taught.get(key) or _read_by_pattern(layout, table, row[0], index, key[0])
        if column is None:
            return None
        columns[index] = column
    return columns


def _is_order_fixed(layout: Layout) -> bool:
    """Whether equal headings mean different things, so that only their order tells them apart."""
    repeated = {column.heading for column in layout.columns if column.nth > 1}
    return any(column.heading in repeated and column.role != "ignore" for column in layout.columns)


def _read_by_pattern(layout: Layout, table: Table, number: int, index: int, heading: str) -> MappedColumn | None:
    fitting = {column for pattern in layout.patterns if (column := pattern.read(heading))}
    if len(fitting) > 1:
        message = f"The heading {heading!r} can be read in several ways by the patterns of the mapping. Describe this column by itself."
        raise ParseError("mapping_ambiguous", message, table.place(number, index))
    return next(iter(fitting), None)


_COMMON_TEMPLATES = [
    f"{name}{unit}"
    for unit in (" ({unit})", " [{unit}]", " {unit}", "_{unit}", ", {unit}", "")
    for name in (
        "{analyte} {line}", "{line} {analyte}", "{analyte}{line}", "{line}{analyte}", "{analyte}-{line}", "{line}-{analyte}", "{analyte}",
    )
]  # fmt: skip
_WORDS: dict[str, Role] = {
    "sample": "label", "sample name": "label", "sample id": "label", "name": "label", "id": "label", "label": "label", "lab no": "label",
    "type": "type", "sample type": "type", "vial": "vial", "tube": "vial", "rack": "vial", "date": "acquired_at", "time": "acquired_at",
    "element": "analyte", "analyte": "analyte", "unit": "unit", "units": "unit", "result": "value", "value": "value", "conc": "value",
    "concentration": "value", "isotope": "line", "mass": "line", "wavelength": "line", "line": "line", "mode": "gas_mode",
    "replicate": "replicate", "rep": "replicate",
    "dilution": "dilution", "dil": "dilution", "dilution factor": "dilution", "df": "dilution",
    "comment": "comment", "remark": "comment",
}  # fmt: skip


def guess_column(heading: str, nth: int = 1) -> MappedColumn:
    """A first proposal for a person to correct: what the heading says by its word, or by how it is made; else it only describes."""
    role = _WORDS.get(re.sub(r"[\s._#-]+", " ", heading).strip().casefold())
    if role:
        return MappedColumn(heading, role, nth)
    template = guess_template(heading)
    found = HeadingPattern(template).read(heading) if template else None
    if found is None or len(found.analyte) > LONGEST_ANALYTE:
        return MappedColumn(heading, "comment", nth)
    return MappedColumn(heading, "value", nth, found.analyte, found.line, found.gas_mode, found.quantity, found.unit)


def guess_template(heading: str) -> str:
    """The usual way of writing that a heading follows, or nothing."""
    return next((template for template in _COMMON_TEMPLATES if HeadingPattern(template).read(heading)), "")
