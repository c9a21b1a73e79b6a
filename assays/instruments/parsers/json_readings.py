"""Readings sent as JSON by instruments that speak REST: the body of `POST /api/v1/instruments/me/readings/`.

    {"run": "R-0007", "readings": [{"position": 3, "analyte": "Dy", "value": "12.5", "unit": "ug/L", "qualifier": "",
                                    "measured_at": "2026-03-01T10:15:00+05:30"}]}

`position` is a tray position's number or a label on the tube. `value` is a string or a number, kept digit for digit; `null` goes with a
qualifier that says why. An unknown member is refused, since a misspelt `qualifier` would turn a bound into a number. Every fault is
named, up to a hundred, each by the RFC 6901 pointer of its member.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from lims.core.errors import Problem
from lims.core.plain_numbers import find_odd_numbers, is_plain_number

from .model import (
    ABOVE,
    BELOW,
    MISSING,
    NOT_AVAILABLE,
    NOT_DETECTED,
    NOT_UNDERSTOOD,
    OVER,
    Item,
    Notes,
    ParsedExport,
    ParsedReading,
    ParsedRow,
    ParseError,
    Place,
)
from .nomenclature import ELEMENTS, find_oxide_element, list_units, read_unit, read_value
from .sample_types import classify_type
from .source import Source

FORMAT = "json_readings"
TITLE = "readings as JSON"
MOST_READINGS = 200_000
_MOST_PROBLEMS = 100
_QUALIFIERS = ("", BELOW, ABOVE, OVER, NOT_DETECTED, NOT_AVAILABLE, MISSING)
_DILUTIONS = re.compile(rb'"dilution"\s*:\s*"([^"]*)"')
# Nearly every value: digits, perhaps with a point and a sign; and many of them, a line each.
_PLAIN = rb'"?(-?[0-9]{1,20}(?:\.[0-9]{1,20})?)"?'
_PLAIN_VALUE, _PLAIN_VALUES = re.compile(_PLAIN), re.compile(rb"(?:" + _PLAIN + rb"(?:\n|\Z))*+")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Reading(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One measured value as sent. `quantity` and the rest say what a batch table says in its headings."""

    position: int | str
    analyte: str
    value: msgspec.Raw
    unit: str
    qualifier: str | None = None
    measured_at: str | None = None
    isotope_or_line: str | int | None = None
    gas_mode: str | None = None
    quantity: str = "concentration"
    replicate: int | None = None
    dilution: Decimal | None = None
    sample: str | None = None
    type: str = ""
    comment: str = ""
    internal_standard: bool = False


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """The whole message."""

    run: str | int
    readings: list[Reading]


_DECODER = msgspec.json.Decoder(Body)


def recognise(source: Source) -> bool:
    """Whether the file is JSON."""
    return source.is_json


def read(source: Source, notes: Notes) -> Iterator[Item]:
    """The rows, then the readings of a JSON file, which is decoded as a whole."""
    export = parse_readings(source.data.removeprefix(codecs.BOM_UTF8))
    notes.run = export.run
    yield from export.rows
    yield from export.readings


def parse_readings(body: bytes) -> ParsedExport:
    """The readings of a request body, grouped into one row a position in the order positions first appear."""
    message = open_message(body)
    readings = tuple(message.read())
    return message.export(readings)


def open_message(body: bytes) -> Message:
    """A request body, decoded; its readings are looked at when they are read. Raises `ParseError` for what is no such message."""
    decoded = _decode(body)
    if not decoded.readings:
        raise ParseError("no_readings", "The list of readings is empty. Send at least one reading.", Place(pointer="/readings"))
    if len(decoded.readings) > MOST_READINGS:
        raise ParseError(
            "too_large", f"More than {MOST_READINGS:,} readings came in one message. Send them in several.", Place(pointer="/readings")
        )
    message = Message(decoded)
    if not message.run or _CONTROL.search(message.run):
        raise ParseError("bad_run", "The run is empty or holds control characters. Send the run's code.", Place(pointer="/run"))
    return message


def _decode(body: bytes) -> Body:
    try:
        decoded = _DECODER.decode(body)
        for pointer in _find_odd_numbers(body):
            raise ParseError("invalid_body", "Write a number with the digits 0 to 9 and a point, as in 10.5.", Place(pointer=pointer))
        return decoded
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        pointer = re.sub(r"\.|\[(\d+)\]", lambda found: f"/{found[1]}" if found[1] else "/", path.rstrip("`"))
        raise ParseError(
            "invalid_body", f"{message.replace('`', chr(39))}. Send the members that the documentation names.", Place(pointer=pointer)
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ParseError(
            "malformed_json", f"The JSON is malformed: {error}. Send it whole and in UTF-8.", _find_fault(body, str(error))
        ) from error
    except RecursionError as error:
        raise ParseError("malformed_json", "The JSON is nested too deep. Send a flat list of readings.") from error


def _find_odd_numbers(body: bytes) -> Iterator[str]:
    """Pointers to texts that are no plain numbers. Only `dilution` takes a number as text; where nothing is escaped and all of them are
    plain, the body need not be walked."""
    if b"\\" not in body and b"dilution" not in body:
        return
    if b"\\" in body or not all(is_plain_number(text.decode("latin-1")) for text in set(_DILUTIONS.findall(body))):
        yield from find_odd_numbers(_decode_plainly(body), Body)


def _decode_plainly(body: bytes) -> Any:
    """The body as it was written; nothing where a raw value is no text, which is told with its reading."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _find_fault(body: bytes, message: str) -> Place:
    """Line and character of the byte that msgspec names, or of the end where the message was cut off."""
    found = re.search(r"byte (\d+)", message)
    before = body[: int(found[1])] if found else body
    return Place(line=before.count(b"\n") + 1, character=len(before) - (before.rfind(b"\n") + 1) + 1)


class Message:
    """Checks each reading and puts it under its position, gathering what is wrong. `run` is the run it names; `parsed_rows` are whole once
    `read` has come to its end."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.run = str(body.run).strip()
        self.rows: dict[tuple[object, ...], int] = {}
        self.parsed_rows: list[ParsedRow] = []
        self.problems: list[Problem] = []
        # Analyte, unit and details that were found sound, and the unit they gave: a message repeats them thousands of times.
        self.sound: dict[tuple[object, ...], str] = {}

    def read(self) -> Iterator[ParsedReading]:
        """The readings one after the other. Nothing comes after a faulty one; the others are looked through and `ParseError` names the
        faults, up to a hundred."""
        for index, (reading, text) in enumerate(zip(self.body.readings, self._find_plain_values(), strict=True)):
            found = self._read(index, reading, text)
            if not self.problems:
                yield found
            elif len(self.problems) >= _MOST_PROBLEMS:
                break
        if self.problems:
            first = self.problems[0]
            raise ParseError(first.code, first.detail, Place(pointer=first.pointer), problems=self.problems)

    def export(self, readings: Sequence[ParsedReading]) -> ParsedExport:
        """The message as a file's content; `readings` are all that `read` gave."""
        return ParsedExport(FORMAT, tuple(self.parsed_rows), tuple(readings), run=self.run)

    def _find_plain_values(self) -> list[str | None]:
        """The text of each value that is digits, perhaps with a point and a sign; none for all others, which go the long way. Where nothing
        else was sent they are looked at together, in a third of the time."""
        values = [one.value for one in self.body.readings]
        lines = b"\n".join(values)
        texts: list[str | None] = [*lines.replace(b'"', b"").decode("latin-1").split("\n")]
        if len(texts) == len(values) and _PLAIN_VALUES.fullmatch(lines):
            return texts
        found = map(_PLAIN_VALUE.fullmatch, values)
        return [plain[1].decode() if plain else None for plain in found]

    def _read(self, index: int, reading: Reading, plain: str | None) -> ParsedReading:
        # What is known is looked up here: a call for each of a hundred thousand readings takes as long as the look.
        row_index = self.rows.get((reading.position, reading.sample, reading.type, reading.comment, reading.dilution))
        if row_index is None:
            row_index = self._add_row(index, reading)
        row = self.parsed_rows[row_index]
        said = (
            reading.analyte, reading.unit, reading.isotope_or_line, reading.gas_mode, reading.quantity, reading.dilution,
            reading.measured_at,
        )  # fmt: skip
        unit = self.sound.get(said)
        if unit is None:
            unit = self._check_channel(index, reading, said)
        if plain is not None and not reading.qualifier:
            raw, qualifier = plain, ""
            value: Decimal | None = Decimal(plain)
        else:
            raw, value, qualifier = self._read_value(index, reading)
        replicate, isotope = reading.replicate, reading.isotope_or_line
        if replicate is not None and not 1 <= replicate <= 1000:
            self._add(f"/readings/{index}/replicate", "bad_replicate", "Replicates are counted from 1.")
        # In the order of the members: naming seventeen of them takes longer than all the rest of it.
        return ParsedReading(
            row.label, row.type, reading.analyte, isotope if isotope is None or type(isotope) is str else str(isotope),
            reading.gas_mode or None, reading.quantity, unit, raw, value, qualifier, None, index + 1, None, row_index,
            reading.internal_standard, replicate, reading.dilution, reading.measured_at or "",
        )  # fmt: skip

    def _add_row(self, index: int, reading: Reading) -> int:
        key = (reading.position, reading.sample, reading.type, reading.comment, reading.dilution)
        label = reading.sample if reading.sample is not None else str(reading.position)
        self._check_row(index, reading, label)
        self.rows[key] = len(self.parsed_rows)
        self.parsed_rows.append(
            ParsedRow(
                label=label.strip(),
                type=reading.type,
                kind=classify_type(reading.type),
                row=index + 1,
                position=_read_number(reading.position),
                acquired_at=reading.measured_at or "",
                total_dilution=reading.dilution,
                comment=reading.comment,
            )
        )
        return self.rows[key]

    def _check_row(self, index: int, reading: Reading, label: str) -> None:
        if isinstance(reading.position, int) and reading.position < 1:
            self._add(f"/readings/{index}/position", "bad_position", "Tray positions are counted from 1.")
        member = "position" if reading.sample is None else "sample"
        if not 0 < len(label.strip()) <= 200 or not 0 < len(str(reading.position).strip()) <= 200:
            self._add(f"/readings/{index}/{member}", "bad_position", "The position or sample is empty or longer than 200 characters.")
        for name, text in (
            ("position", str(reading.position)),
            ("sample", reading.sample or ""),
            ("type", reading.type),
            ("comment", reading.comment),
        ):
            if _CONTROL.search(text):
                self._add(f"/readings/{index}/{name}", "control_character", "The text holds a control character. Leave it out.")

    def _check_channel(self, index: int, reading: Reading, key: tuple[object, ...]) -> str | None:
        """What was measured, and how; the unit as it is written here. `key` is all that is looked at."""
        before = len(self.problems)
        self._check_analyte(index, reading.analyte)
        unit = self._check_unit(index, reading.unit)
        self._check_details(index, reading)
        if unit is not None and len(self.problems) == before:
            self.sound[key] = unit
        return unit

    def _check_analyte(self, index: int, analyte: str) -> None:
        problem = _judge_analyte(analyte)
        if problem:
            self._add(f"/readings/{index}/analyte", *problem)

    def _check_unit(self, index: int, text: str) -> str | None:
        unit = read_unit(text)
        if unit is None:
            self._add(f"/readings/{index}/unit", "bad_unit", f"The unit {text[:40]!r} is not known. Send one of {', '.join(list_units())}.")
        return unit

    def _read_value(self, index: int, reading: Reading) -> tuple[str, Decimal | None, str]:
        raw = _read_raw(bytes(reading.value))
        sent = reading.qualifier or ""
        if raw is None or len(raw) > 255 or _CONTROL.search(raw):
            self._add(
                f"/readings/{index}/value",
                "bad_value",
                "The value must be a number, a string such as '12.5' or '<0.05', or null with a qualifier.",
            )
            return "", None, ""
        if sent not in _QUALIFIERS:
            self._add(
                f"/readings/{index}/qualifier",
                "bad_qualifier",
                f"The qualifier {sent[:40]!r} is not known. Send one of {', '.join(_QUALIFIERS[1:])}.",
            )
            return raw, None, ""
        value, found = read_value(raw) if raw else (None, "")
        if found == NOT_UNDERSTOOD or (value is None and not found and not sent):
            self._add(
                f"/readings/{index}/value",
                "bad_value",
                f"The value {raw[:40]!r} is no number an instrument reads. Send digits with a decimal point, or null with a qualifier.",
            )
        elif sent and found and sent != found:
            self._add(
                f"/readings/{index}/qualifier",
                "qualifier_differs",
                f"The value {raw[:40]!r} says {found}, the qualifier {sent}. Send one of them.",
            )
        elif value is None and sent in {BELOW, ABOVE}:
            self._add(f"/readings/{index}/value", "bad_value", f"The qualifier {sent} needs the bound as value.")
        elif value is not None and sent not in {"", BELOW, ABOVE}:
            # The number is kept as text: with OVER, ND or the like it is not a result.
            value = None
        return raw, value, sent or found

    def _check_details(self, index: int, reading: Reading) -> None:
        if reading.measured_at is not None and not _is_zoned_time(reading.measured_at):
            message = "The time must be RFC 3339 with an offset, such as 2026-03-01T10:15:00+05:30."
            self._add(f"/readings/{index}/measured_at", "bad_time", message)
        if reading.dilution is not None and not (reading.dilution.is_finite() and 0 < reading.dilution <= 10**9):
            self._add(f"/readings/{index}/dilution", "bad_dilution", "The dilution must be a factor above 0.")
        if not re.fullmatch(r"[a-z][a-z_]{0,63}", reading.quantity):
            self._add(f"/readings/{index}/quantity", "bad_quantity", "The quantity is a word such as concentration or counts.")
        for name, text in (("gas_mode", reading.gas_mode or ""), ("isotope_or_line", str(reading.isotope_or_line or ""))):
            if len(text) > 64 or _CONTROL.search(text):
                self._add(f"/readings/{index}/{name}", "bad_text", "The text is longer than 64 characters or holds a control character.")

    def _add(self, pointer: str, code: str, detail: str) -> None:
        self.problems.append(Problem(pointer, code, detail))


@lru_cache(maxsize=1024)
def _judge_analyte(analyte: str) -> tuple[str, str] | None:
    """What is wrong with an analyte's name, as code and sentence."""
    if analyte in ELEMENTS:
        return None
    element = find_oxide_element(analyte)
    if element:
        message = f"{analyte} is an oxide. Send the element {element} as measured; the system converts it to the oxide itself."
        return "oxide_as_analyte", message
    return "unknown_analyte", f"{analyte[:40]!r} is no element symbol. Send one such as Dy, and the mass or line as isotope_or_line."


@lru_cache(maxsize=4096)
def _is_zoned_time(text: str) -> bool:
    try:
        return len(text) <= 40 and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _read_number(position: int | str) -> int | None:
    """A tray position's number, also when it was sent as text; none for the label of a tube."""
    if isinstance(position, int):
        return position
    return int(position) if re.fullmatch(r"[1-9][0-9]{0,3}", position.strip()) else None


def _read_raw(sent: bytes) -> str | None:
    """The value's text: a string's content, a number's digits as sent, nothing for null; none for anything else."""
    if sent == b"null":
        return ""
    if sent[:1] == b'"':
        try:
            return str(msgspec.json.decode(sent))
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None  # a raw member is taken over unseen, so its encoding shows only here
    return sent.decode("ascii") if sent[:1] in b"-0123456789" else None
