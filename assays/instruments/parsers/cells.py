"""What every parser of tables does with a cell: its number and qualifier, its text, and the refusal of what is not the instrument's."""

from __future__ import annotations

from decimal import Decimal

from .labels import note_mangled
from .model import NOT_AVAILABLE, NOT_DETECTED, NOT_UNDERSTOOD, OVER, Notes, ParseError, Place
from .nomenclature import read_cell_text, read_value
from .tables import Cell, Table

LONGEST_VALUE = 255
_LONGEST = {"label": 200, "type": 40, "vial": 40, "acquired_at": 60, "data_file": 255, "comment": 2000, "level": 40, "flag": 255}
_WHY_UNREAD = {
    "date": "was turned into a date by a spreadsheet program",
    "cut": "stands at the end of a file without a line break and may have been cut short",
}
_WHOLE_WORDS = {OVER, NOT_DETECTED, NOT_AVAILABLE}


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
        value, qualifier = read_cell(cell, self.decimal_sign)
        if qualifier == NOT_UNDERSTOOD:
            note_unread(self.table, self.notes, cell, number, index)
        return value, qualifier

    def read_text(self, name: str, number: int, index: int, cell: Cell) -> str:
        """The text of a cell that fills the field `name` of `ParsedRow`; a label that a spreadsheet program rewrote is noted."""
        if cell.kind == "formula":
            raise refuse_formula(self.table, number, index)
        text, place = cell.text.strip(), self.table.place(number, index)
        if name == "label" and cell.kind == "cut":
            raise refuse_cut(place)
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


def read_cell(cell: Cell, decimal_sign: str) -> tuple[Decimal | None, str]:
    """Number and qualifier of a cell; what a spreadsheet program made a date or an error of, and what may have been cut short, is not
    understood."""
    return read_cell_text(cell.text, decimal_sign) if cell.kind in {"number", "text"} else (None, NOT_UNDERSTOOD)


def said_whole(cell: Cell) -> bool:
    """Whether a cell says with a whole word that there is no number."""
    return read_cell(cell, ".")[1] in _WHOLE_WORDS or cell.text.strip().startswith("--")


def refuse_cut(place: Place) -> ParseError:
    """The refusal of a text whose last line may have been broken off where it matters."""
    message = (
        "The file does not end with a line break, so its last line may have been cut off. Export the table again; "
        "if the file is whole, add a line break at its end in a text editor."
    )
    return ParseError("cut_off", message, place)


def note_unread(table: Table, notes: Notes, cell: Cell, number: int, index: int) -> None:
    """Note a value that is no number and no known word."""
    why = _WHY_UNREAD.get(cell.kind, "is not understood")
    message = f"The value {cell.text[:40]!r} {why}; it is kept as text without a number."
    notes.add("value_unread", message, table.place(number, index))


def refuse_formula(table: Table, row: int, column: int) -> ParseError:
    """The refusal of a formula: its cached value is a spreadsheet program's, not the instrument's."""
    message = "The cell holds a formula, so its value is not what the instrument wrote. Upload the export as the instrument made it."
    return ParseError("formula", message, table.place(row, column))
