"""Tables in long form, with one line for each sample and analyte: the lines that follow each other for one sample become one row.

A line begins another row when it names another sample, type or dilution, or a channel that the row already has: a second measurement.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from .cells import CellReader
from .channels import Channel
from .model import Item, Kind, Notes, ParsedReading, ParsedRow
from .sample_types import classify_type
from .tables import Cell, Table, name_column

_MOST_LINES = 2000
_LONGEST_COMMENT = 2000


@dataclass(slots=True)
class Measured:
    """A measured cell of a line: where it stands and what it is. `raw` is the cell's text where `cell` is only the number in it."""

    index: int
    cell: Cell
    quantity: str
    unit: str | None = None
    replicate: int | None = None
    acquired_at: str | None = None
    raw: str = ""


@dataclass(slots=True)
class Line:
    """One line: what it says of its sample, its channel, its measured cells, and whatever else describes it by title."""

    number: int
    label: str
    channel: Channel
    measured: list[Measured]
    type: str = ""
    kind: Kind | None = None
    acquired_at: str = ""
    vial: str = ""
    dilution: Decimal | None = None
    others: dict[str, str] = field(default_factory=dict)


class LineCollector:
    """Turns lines into rows with their readings. Holds the lines of one sample at most. `rows` counts the file's rows up to here."""

    def __init__(self, table: Table, notes: Notes, rows: int, decimal_sign: str = ".") -> None:
        self.table, self.rows = table, rows
        self.cells = CellReader(table, notes, decimal_sign)
        self._lines: list[Line] = []
        self._channels: set[Channel] = set()

    def add(self, line: Line) -> Iterator[Item]:
        """Take a line; gives the row before it where this line begins another."""
        first = self._lines[0] if self._lines else line
        is_same = (line.label, line.type, line.dilution) == (first.label, first.type, first.dilution)
        if not is_same or line.channel in self._channels or len(self._lines) >= _MOST_LINES:
            yield from self.finish()
        self._lines.append(line)
        self._channels.add(line.channel)

    def finish(self) -> Iterator[Item]:
        """The row of the lines not given yet."""
        if not self._lines:
            return
        row = self._make_row()
        yield row
        for line in self._lines:
            yield from self._make_readings(line, row)
        self.rows += 1
        self._lines, self._channels = [], set()

    def _make_row(self) -> ParsedRow:
        first = self._lines[0]
        kind = next((line.kind for line in self._lines if line.kind), None) or classify_type(first.type)
        return ParsedRow(
            label=first.label,
            type=first.type,
            kind=kind,
            row=first.number,
            sheet=self.table.sheet,
            vial=first.vial,
            acquired_at=first.acquired_at,
            total_dilution=first.dilution,
            comment=self._list_others(),
        )

    def _list_others(self) -> str:
        """What else the lines say: once where all agree, else with the analyte it belongs to."""
        titles = dict.fromkeys(title for line in self._lines for title in line.others)
        parts = []
        for title in titles:
            texts = {line.channel.analyte: line.others.get(title, "") for line in self._lines}
            if len(set(texts.values())) == 1:
                parts.append(f"{title}: {next(iter(texts.values()))}")
            else:
                parts.append(f"{title}: " + ", ".join(f"{analyte} {text}" for analyte, text in texts.items() if text))
        return "; ".join(parts)[:_LONGEST_COMMENT]

    def _make_readings(self, line: Line, row: ParsedRow) -> Iterator[ParsedReading]:
        channel = line.channel
        for one in line.measured:
            value, qualifier = self.cells.read_number(line.number, one.index, one.cell)
            yield ParsedReading(
                sample=row.label,
                type=row.type,
                analyte=channel.analyte,
                isotope_or_line=channel.line,
                gas_mode=channel.mode,
                quantity=one.quantity,
                unit=one.unit,
                raw=one.raw or one.cell.text,
                value=value,
                qualifier=qualifier,
                sheet=self.table.sheet,
                row=line.number,
                column=name_column(one.index),
                row_index=self.rows,
                internal_standard=channel.internal_standard,
                replicate=one.replicate,
                dilution=line.dilution,
                acquired_at=one.acquired_at if one.acquired_at is not None else line.acquired_at,
            )
