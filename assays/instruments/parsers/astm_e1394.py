"""Messages of ASTM E1394 / CLSI LIS2-A2, as frames recorded from the line or as a file of records.

Records `H` (header), `P` (patient, here unused), `O` (order: the sample), `R` (result), `C` (comment), `L` (end) are separated by `CR`; the
header says which characters separate fields, repetitions and components and which escapes them (`H|\\^&`). A result's flag `<` or `>` makes
its number a bound; `N`, `A`, `L`, `H`, `LL`, `HH` compare it with ranges that are none of ours. An order with the action `Q` is a control.
A result that is not final (`P`, `I`, `S`, `X`) marks its sample as rejected, so that a person decides.

Rows count the records of the file from 1, columns are the fields from A: a result's value is its field D.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from .astm_frames import STX, as_sent, is_message, read_frames
from .formulas import LONGEST_ANALYTE, read_analyte
from .labels import note_mangled
from .model import ABOVE, BELOW, NOT_UNDERSTOOD, Item, Kind, Notes, ParsedReading, ParsedRow, ParseError, Place
from .nomenclature import ELEMENTS, read_value
from .source import Source
from .tables import check_text

FORMAT = "astm_e1394"
TITLE = "ASTM E1394 / LIS2-A2 messages"
_MASS = re.compile(r"(?P<before>\d{1,3})?[ _-]?(?P<element>[A-Z][a-z]?)[ _-]?(?P<behind>\d{1,3})?")
_FINAL = {"", "F", "C", "V", "R", "N", "Q"}
_UNFINISHED = {"P", "I", "S", "X", "M"}
_ENDED_WELL = {"", "N", "F"}
_VALUE_FIELD = 3


def recognise(source: Source) -> bool:
    """Whether the file begins with a frame that holds a header record, or with a header record itself."""
    return not source.tables and not source.is_json and is_message(source.head)


def read(source: Source, notes: Notes) -> Iterator[Item]:
    """A row for every order with results, then its readings."""
    data = as_sent(source.data)
    is_framed = data.lstrip(b"\x04\x05\x06\x15\r\n").startswith(STX)
    yield from _MessageReader(notes).read(_decode(b"".join(read_frames(data)) if is_framed else data))


def _decode(data: bytes) -> list[str]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    return re.split(r"\r\n|\r|\n", text)


@dataclass
class _Order:
    """An order record and what came below it."""

    number: int
    fields: list[str]
    results: list[tuple[int, list[str]]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)


class _MessageReader:
    """Goes through the records of one message after the other."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.row_index = 0
        self.separators = ""
        self.order: _Order | None = None
        self.number = 0

    def read(self, records: list[str]) -> Iterator[Item]:
        for number, record in enumerate(records, 1):
            if not record.strip():
                continue
            self.number = number
            check_text(record, Place(row=number))
            kind = record[:1].upper()
            if kind == "H":
                self._begin(record)
            elif not self.separators:
                raise ParseError("no_header", "A record stands before the header record. Have the message sent again.", Place(row=number))
            elif kind == "O":
                yield from self._end_order()
                self.order = _Order(number, self._split(record))
            elif kind in {"P", "L"}:
                yield from self._end_order()
                self._end_message(record, kind)
            elif kind in {"R", "C"}:
                self._add(kind, record)
            elif kind not in {"Q", "M", "S"}:
                raise ParseError(
                    "bad_record", f"{record[:20]!r} is no record of this standard. Have the message sent again.", Place(row=number)
                )
        if self.separators:
            raise ParseError("cut_off", "The message has no end record (L). Have it sent again.", Place(row=self.number))

    def _begin(self, record: str) -> None:
        if self.separators:
            raise ParseError("cut_off", "A header stands inside a message: the one before has no end (L).", Place(row=self.number))
        signs = record[1:5]
        if len(set(signs)) < 4 or any(sign.isalnum() or sign.isspace() for sign in signs):
            raise ParseError(
                "bad_header", "The header names no four different separators. Have the message sent again.", Place(row=self.number)
            )
        self.separators = signs

    def _end_message(self, record: str, kind: str) -> None:
        if kind == "P":
            return
        code = self._field(self._split(record), 2).upper()
        if code not in _ENDED_WELL:
            message = f"The sender broke the message off (code {code}). Have it sent again."
            raise ParseError("message_aborted", message, Place(row=self.number))
        self.separators = ""

    def _split(self, record: str) -> list[str]:
        return record.split(self.separators[0])

    def _field(self, fields: list[str], index: int) -> str:
        """A field with its escapes undone, without blanks around it."""
        return self._unescape(fields[index]).strip() if index < len(fields) else ""

    def _component(self, fields: list[str], index: int) -> str:
        """The first filled component of a field."""
        parts = fields[index].split(self.separators[2]) if index < len(fields) else []
        return next((self._unescape(part).strip() for part in parts if part.strip()), "")

    def _unescape(self, text: str) -> str:
        escape = self.separators[3]
        for letter, sign in zip("FRSE", (self.separators[0], self.separators[1], self.separators[2], escape), strict=True):
            text = text.replace(f"{escape}{letter}{escape}", sign)
        return text

    def _add(self, kind: str, record: str) -> None:
        if self.order is None:
            if kind == "R":
                raise ParseError("no_order", "A result stands below no order, so its sample is not known.", Place(row=self.number))
            return
        fields = self._split(record)
        if kind == "R":
            self.order.results.append((self.number, fields))
        else:
            self.order.comments.append(self._field(fields, 3))

    def _end_order(self) -> Iterator[Item]:
        order, self.order = self.order, None
        if order is None or not order.results:
            return
        row = self._make_row(order)
        yield row
        for number, fields in order.results:
            yield self._make_reading(row, number, fields)
        self.row_index += 1

    def _make_row(self, order: _Order) -> ParsedRow:
        label = self._component(order.fields, 2) or self._component(order.fields, 3)
        action = self._field(order.fields, 11).upper()
        kind: Kind = "control" if action == "Q" else "unknown"
        statuses = {self._field(fields, 8).upper() for _, fields in order.results}
        unfinished = sorted(statuses - _FINAL)
        for status in unfinished:
            what = "not final" if status in _UNFINISHED else "not known"
            message = f"A result of {label!r} has the status {status!r}, which is {what}; its sample is held back."
            self.notes.add("not_final", message, Place(row=order.number))
        note_mangled(label, "text", self.notes, Place(row=order.number, column="C"))
        if len(label) > 200:
            raise ParseError("text_too_long", "The sample's name has more than 200 characters.", Place(row=order.number, column="C"))
        return ParsedRow(
            label=label,
            type="Q" if kind == "control" else "",
            kind=kind,
            row=order.number,
            acquired_at=next((time for _, fields in order.results if (time := self._field(fields, 12))), "")[:60],
            comment="; ".join(text for text in order.comments if text)[:2000],
            flag=", ".join(unfinished)[:255],
            rejected=bool(unfinished),
        )

    def _make_reading(self, row: ParsedRow, number: int, fields: list[str]) -> ParsedReading:
        place = Place(row=number, column="D")
        raw = fields[_VALUE_FIELD] if len(fields) > _VALUE_FIELD else ""
        if len(raw) > 255:
            raise ParseError("text_too_long", f"The value has {len(raw):,} characters. Have the message sent again.", place)
        analyte, mass = self._read_test(number, fields)
        value, qualifier = self._read_result(raw, fields)
        if qualifier == NOT_UNDERSTOOD:
            self.notes.add("value_unread", f"The value {raw[:40]!r} is not understood; it is kept as text without a number.", place)
        return ParsedReading(
            sample=row.label,
            type=row.type,
            analyte=analyte,
            isotope_or_line=mass,
            gas_mode=None,
            quantity="concentration",
            unit=self._component(fields, 4)[:20] or None,
            raw=raw,
            value=value,
            qualifier=qualifier,
            sheet=None,
            row=number,
            column=place.column,
            row_index=self.row_index,
            acquired_at=self._field(fields, 12)[:60],
        )

    def _read_test(self, number: int, fields: list[str]) -> tuple[str, str | None]:
        """The analyte, and the mass where the test's name has one: `^^^163Dy`, `^^^Dy`, `^^^Tb4O7`."""
        text = self._component(fields, 2)
        if not text:
            message = "The result does not say what was measured. Have the message sent again."
            raise ParseError("no_analyte", message, Place(row=number, column="C"))
        analyte = read_analyte(text)
        if analyte:
            return analyte, None
        found = _MASS.fullmatch(text)
        if found and found["element"] in ELEMENTS and bool(found["before"]) != bool(found["behind"]):
            return found["element"], found["before"] or found["behind"]
        self.notes.add("analyte_unknown", f"{text[:40]!r} is no analyte known; it is kept under that name.", Place(row=number, column="C"))
        return text[:LONGEST_ANALYTE], None

    def _read_result(self, raw: str, fields: list[str]) -> tuple[Decimal | None, str]:
        """Number and qualifier; a flag `<` or `>` makes the number a bound, and says the contrary of a sign in the value never."""
        value, qualifier = read_value(self._unescape(raw)) if raw.strip() else (None, "--")
        flags = {flag.strip() for flag in self._split_repeats(fields, 6)}
        bound = [flag for flag in (BELOW, ABOVE) if flag in flags]
        if value is None or not bound:
            return value, qualifier
        if len(bound) > 1 or qualifier not in {"", bound[0]}:
            return None, NOT_UNDERSTOOD
        return value, bound[0]

    def _split_repeats(self, fields: list[str], index: int) -> list[str]:
        return fields[index].split(self.separators[1]) if index < len(fields) else []
