"""What every parser of tables does with a cell: its number and qualifier, its text, and the refusal of what is not the instrument's."""

from __future__ import annotations

from decimal import Decimal

from .labels import note_mangled
from .model import NOT_UNDERSTOOD, Notes, ParseError
from .nomenclature import read_value
from .tables import Cell, Table

LONGEST_VALUE = 255
_LONGEST = {"label": 200, "type": 40, "vial": 40, "acquired_at": 60, "data_file": 255, "comment": 2000, "level": 40, "flag": 255}
_NUMERIC_KINDS = {"number", "text"}


class CellReader:
    """Reads cells of one table. `decimal_sign` is the table's; see `nomenclature.find_decimal_sign`."""

    def __init__(self, table: Table, notes: Notes, decimal_sign: str = ".") -> None:
        self.table, self.notes, self.decimal_sign = table, notes, decimal_sign

    def read_number(self, number: int, index: int, cell: Cell) -> tuple[Decimal | None, str]:
        """Number and qualifier of a measured cell in row `number`. What is not understood gives `?` and a note."""
        if cell.kind == "formula":
            raise refuse_formula(self.table, number, index)
        if len(cell.text) > LONGEST_VALUE:
            message = f"The value has {len(cell.text):,} characters. Export the table again."
            raise ParseError("text_too_long", message, self.table.place(number, index))
        value, qualifier = read_value(cell.text, self.decimal_sign) if cell.kind in _NUMERIC_KINDS else (None, NOT_UNDERSTOOD)
        if qualifier == NOT_UNDERSTOOD:
            note_unread(self.table, self.notes, cell, number, index)
        return value, qualifier

    def read_text(self, name: str, number: int, index: int, cell: Cell) -> str:
        """The text of a cell that fills the field `name` of `ParsedRow`; a label that a spreadsheet program rewrote is noted."""
        if cell.kind == "formula":
            raise refuse_formula(self.table, number, index)
        text, place = cell.text.strip(), self.table.place(number, index)
        if len(text) > _LONGEST.get(name, LONGEST_VALUE):
            message = f"The {name.replace('_', ' ')} has {len(text):,} characters, more than can be kept. Shorten it and export again."
            raise ParseError("text_too_long", message, place)
        if name == "label":
            note_mangled(text, cell.kind, self.notes, place)
        return text

    def read_dilution(self, number: int, text: str) -> Decimal | None:
        """A dilution factor; a note where the text is none."""
        value, qualifier = read_value(text, self.decimal_sign)
        if text and (value is None or qualifier):
            self.notes.add("dilution_unread", f"The total dilution {text!r} is no number.", self.table.place(number))
            return None
        return value


def note_unread(table: Table, notes: Notes, cell: Cell, number: int, index: int) -> None:
    """Note a value that is no number and no known word."""
    why = "was turned into a date by a spreadsheet program" if cell.kind == "date" else "is not understood"
    message = f"The value {cell.text[:40]!r} {why}; it is kept as text without a number."
    notes.add("value_unread", message, table.place(number, index))


def refuse_formula(table: Table, row: int, column: int) -> ParseError:
    """The refusal of a formula: its cached value is a spreadsheet program's, not the instrument's."""
    message = "The cell holds a formula, so its value is not what the instrument wrote. Upload the export as the instrument made it."
    return ParseError("formula", message, table.place(row, column))
