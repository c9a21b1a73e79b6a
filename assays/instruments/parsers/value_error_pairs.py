"""Header rows in which every analyte has a column and its error the one beside it: `Ce`, `Ce Error` or `Al2O3`, `Al2O3 Err`.

Where the value is `< LOD`, the column of the error holds the limit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .formulas import Heading, read_heading
from .measured_columns import Column, Layout, fold, refuse_doubles
from .model import ParseError
from .tables import Cell, Table

RUNNING_NUMBERS = ("file #", "reading no", "reading #", "reading")
_ERROR = re.compile(
    r"(?P<name>.+?)[ ._]+(?:error|err|\+/-|±)\.?(?: ?\(?[1-3] ?s(?:igma)?\)?)?(?P<unit> ?[(\[][^)\]]*[)\]])?", re.IGNORECASE
)


def find_pairs(cells: Mapping[int, Cell]) -> frozenset[str]:
    """The analytes that have both a column and one for the error."""
    names = [" ".join(cell.text.split()) for cell in cells.values() if cell.kind == "text"]
    values = {heading.analyte for name in names if (heading := read_heading(name))}
    errors = {heading.analyte for name in names if (heading := _read_error(name))}
    return frozenset(values & errors)


def _read_error(text: str) -> Heading | None:
    found = _ERROR.fullmatch(text)
    return read_heading(found["name"].replace("_", " ") + (found["unit"] or "")) if found else None


def keep_label_columns(table: Table, number: int, titles: Mapping[int, str], places: tuple[int, ...]) -> tuple[int, ...]:
    """The columns that may name the sample. A running number does so only where no other column could: a reading without a name must not
    find the tube that happens to be called like its number."""
    named = tuple(index for index in places if fold(titles[index]) not in RUNNING_NUMBERS)
    if not places:
        message = "No column names the sample. Export the table with the sample's name."
        raise ParseError("no_sample_name", message, table.place(number))
    return named or places


def read_pairs(
    table: Table, number: int, cells: Mapping[int, Cell], fields: Mapping[str, tuple[str, ...]], units: frozenset[str]
) -> Layout:
    """What the columns of a header mean. `fields` gives for each field of the row the titles it may have, the best first; `units` the
    titles of the column that holds the unit."""
    texts = {index: " ".join(cell.text.split()) for index, cell in sorted(cells.items()) if cell.text.strip()}
    headings = {index: heading for index, text in texts.items() if (heading := read_heading(text))}
    errors = {index: heading for index, text in texts.items() if index not in headings and (heading := _read_error(text))}
    titles = {index: text for index, text in texts.items() if index not in headings and index not in errors}
    unit_column = next((index for index, title in titles.items() if fold(title) in units), None)
    of_value = {heading.analyte: index for index, heading in headings.items()}
    of_error = {heading.analyte: index for index, heading in errors.items()}
    measured = {
        index: Column(one.analyte, "concentration", one.unit, unit_column=unit_column, limit_column=of_error.get(one.analyte))
        for index, one in headings.items()
    }
    for index, one in errors.items():
        unit = one.unit or (headings[of_value[one.analyte]].unit if one.analyte in of_value else None)
        measured[index] = Column(one.analyte, "concentration_error", unit, unit_column=unit_column, value_column=of_value.get(one.analyte))
    places = {
        field: tuple(index for name in names for index, title in titles.items() if fold(title) == name) for field, names in fields.items()
    }
    places["label"] = keep_label_columns(table, number, titles, places["label"])
    described = {index for found in places.values() for index in found} | ({unit_column} if unit_column is not None else set())
    others = {index: title for index, title in titles.items() if index not in described}
    layout = Layout(number, places, measured, others, frozenset(described))
    refuse_doubles(table, layout)
    return layout
