"""Readings sent as JSON: kept digit for digit, every fault named by its pointer."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from typing import Any

import pytest

from assays.instruments.parsers.json_readings import open_message, parse_readings
from assays.instruments.parsers.model import ParseError
from assays.instruments.parsers.registry import parse


def reading(**changes: Any) -> dict[str, Any]:
    return {"position": 1, "analyte": "Dy", "value": "12.50", "unit": "ug/L"} | changes


def body(*readings: dict[str, Any], run: Any = "R-7") -> bytes:
    return json.dumps({"run": run, "readings": list(readings)}).encode()


def refuse(sent: bytes) -> ParseError:
    with pytest.raises(ParseError) as refusal:
        parse_readings(sent)
    return refusal.value


def test_reading_keeps_its_text_its_digits_and_all_that_was_said() -> None:
    sent = reading(measured_at="2026-03-01T10:15:00+05:30", isotope_or_line=163, gas_mode="He", replicate=2, dilution="10.5", type="Sample")
    export = parse_readings(body(sent))
    found = export.readings[0]
    assert (export.format, export.run) == ("json_readings", "R-7")
    assert (found.raw, found.value, found.qualifier, found.unit) == ("12.50", Decimal("12.50"), "", "ug/L")
    assert (found.isotope_or_line, found.gas_mode, found.quantity, found.replicate) == ("163", "He", "concentration", 2)
    assert (found.dilution, found.acquired_at, found.row, found.column) == (Decimal("10.5"), "2026-03-01T10:15:00+05:30", 1, None)
    assert (export.rows[0].label, export.rows[0].position, export.rows[0].kind) == ("1", 1, "sample")


@pytest.mark.parametrize("written", ["12.50", "1.0e-7", "3.64E+017", "0.1000000000000000055511151231257827", "-0.25", "100"])
def test_json_number_is_kept_digit_for_digit(written: str) -> None:
    sent = body(reading(value="@")).replace(b'"@"', written.encode())
    found = parse_readings(sent).readings[0]
    assert (found.raw, found.value) == (written, Decimal(written))


@pytest.mark.parametrize(
    ("value", "qualifier", "number", "kept"),
    [
        ("<0.05", None, "0.05", "<"),
        ("0.05", "<", "0.05", "<"),
        ("<0.05", "<", "0.05", "<"),
        (">1000", None, "1000", ">"),
        (None, "ND", None, "ND"),
        (None, "OVER", None, "OVER"),
        ("OVER", None, None, "OVER"),
        ("1200", "OVER", None, "OVER"),
        ("--", None, None, "--"),
        ("12.5", "", "12.5", ""),
    ],
)
def test_bounds_and_words_for_no_number_are_kept(value: Any, qualifier: Any, number: str | None, kept: str) -> None:
    found = parse_readings(body(reading(value=value, qualifier=qualifier))).readings[0]
    assert (found.value, found.qualifier) == (None if number is None else Decimal(number), kept)
    assert found.raw == (value or "")


def test_readings_of_one_position_are_one_row_wherever_they_stand() -> None:
    export = parse_readings(body(reading(position=2), reading(position=1), reading(position=2, analyte="Tb")))
    assert [row.position for row in export.rows] == [2, 1]
    assert [found.row_index for found in export.readings] == [0, 1, 0]


@pytest.mark.parametrize(
    ("position", "number", "label"), [(3, 3, "3"), ("3", 3, "3"), ("LAB-0007-K", None, "LAB-0007-K"), ("007", None, "007")]
)
def test_position_is_a_number_or_the_label_on_the_tube(position: Any, number: int | None, label: str) -> None:
    row = parse_readings(body(reading(position=position))).rows[0]
    assert (row.position, row.label) == (number, label)


@pytest.mark.parametrize(
    ("changes", "member", "code", "said"),
    [
        ({"analyte": "Dy2O3"}, "analyte", "oxide_as_analyte", "Send the element Dy"),
        ({"analyte": "Tb4O7"}, "analyte", "oxide_as_analyte", "Send the element Tb"),
        ({"analyte": "CeO2"}, "analyte", "oxide_as_analyte", "Send the element Ce"),
        ({"analyte": "dy"}, "analyte", "unknown_analyte", "no element symbol"),
        ({"analyte": "163Dy"}, "analyte", "unknown_analyte", "isotope_or_line"),
        ({"analyte": ""}, "analyte", "unknown_analyte", "no element symbol"),
        ({"unit": "blobs"}, "unit", "bad_unit", "ug/L"),
        ({"unit": ""}, "unit", "bad_unit", "ug/L"),
        ({"unit": "mL"}, "unit", "bad_unit", "ug/L"),
        ({"value": "abc"}, "value", "bad_value", "no number"),
        ({"value": "1e30"}, "value", "bad_value", "no number an instrument reads"),
        ({"value": "1,5"}, "value", "bad_value", "no number"),
        ({"value": ""}, "value", "bad_value", "null with a qualifier"),
        ({"value": None}, "value", "bad_value", "null with a qualifier"),
        ({"value": True}, "value", "bad_value", "must be a number"),
        ({"value": [1]}, "value", "bad_value", "must be a number"),
        ({"value": None, "qualifier": "<"}, "value", "bad_value", "needs the bound"),
        ({"value": "1e9999"}, "value", "bad_value", "no number"),
        ({"value": "9" * 300}, "value", "bad_value", "must be a number"),
        ({"qualifier": "about"}, "qualifier", "bad_qualifier", "not known"),
        ({"value": "<0.05", "qualifier": ">"}, "qualifier", "qualifier_differs", "Send one of them"),
        ({"position": 0}, "position", "bad_position", "counted from 1"),
        ({"position": " "}, "position", "bad_position", "empty"),
        ({"sample": "x" * 300}, "sample", "bad_position", "longer"),
        ({"position": "S\x00"}, "position", "control_character", "control character"),
        ({"measured_at": "2026-03-01T10:15:00"}, "measured_at", "bad_time", "offset"),
        ({"measured_at": "yesterday"}, "measured_at", "bad_time", "RFC 3339"),
        ({"replicate": 0}, "replicate", "bad_replicate", "counted from 1"),
        ({"dilution": "0"}, "dilution", "bad_dilution", "above 0"),
        ({"dilution": "NaN"}, "dilution", "invalid_body", "digits 0 to 9"),
        ({"quantity": "Conc RSD!"}, "quantity", "bad_quantity", "a word"),
        ({"gas_mode": "x" * 65}, "gas_mode", "bad_text", "longer"),
    ],
)
def test_fault_in_a_reading_is_named_by_its_pointer(changes: dict[str, Any], member: str, code: str, said: str) -> None:
    refusal = refuse(body(reading(), reading(**changes)))
    assert [(problem.pointer, problem.code) for problem in refusal.problems] == [(f"/readings/1/{member}", code)]
    assert (refusal.code, refusal.place.pointer) == (code, f"/readings/1/{member}")
    assert said in refusal.message


def test_misspelt_member_is_refused_since_it_could_turn_a_bound_into_a_number() -> None:
    refusal = refuse(body(reading(value="0.05", qualifer="<")))
    assert (refusal.code, refusal.place.pointer) == ("invalid_body", "/readings/0")
    assert "qualifer" in refusal.message


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        (b'{"run":"R","readings":[{"position":1,"analyte":3,"value":1,"unit":"ppb"}]}', "/readings/0/analyte"),
        (b'{"run":"R","readings":[{"analyte":"Dy","value":1,"unit":"ppb"}]}', "/readings/0"),
        (b'{"run":"R","readings":5}', "/readings"),
        (b'{"run":null,"readings":[]}', "/run"),
        (b'{"readings":[]}', ""),
        (b"[]", ""),
    ],
)
def test_wrong_shape_is_named_by_its_pointer(sent: bytes, pointer: str) -> None:
    refusal = refuse(sent)
    assert (refusal.code, refusal.place.pointer) == ("invalid_body", pointer)


def test_all_faults_are_named_up_to_a_hundred() -> None:
    assert len(refuse(body(*[reading(analyte="Dy2O3", unit="x")] * 30)).problems) == 60
    assert len(refuse(body(*[reading(analyte="Dy2O3", unit="x")] * 500)).problems) == 100


def test_empty_list_and_empty_run_are_refused() -> None:
    assert refuse(body()).code == "no_readings"
    assert refuse(body(reading(), run="  ")).place.pointer == "/run"


@pytest.mark.parametrize(
    "sent",
    [b"", b"{", b'{"run":"R","readings":[{"position":1', b"\xff\xfe", b'{"run":"\\ud800","readings":[]}', b'{"run":' + b"[" * 100_000],
)
def test_malformed_json_is_refused_with_line_and_character(sent: bytes) -> None:
    refusal = refuse(sent)
    assert refusal.code in {"malformed_json", "invalid_body"}


def test_value_that_is_no_utf8_is_refused() -> None:
    refusal = refuse(body(reading(value="12.@")).replace(b"@", b"\xd8"))
    assert (refusal.code, refusal.place.pointer) == ("bad_value", "/readings/0/value")


def test_place_of_a_syntax_error_is_counted_in_lines() -> None:
    refusal = refuse(b'{"run": "R",\n "readings": [x]}')
    assert (refusal.place.line, refusal.place.character, refusal.kind) == (2, 15, "malformed")


def test_json_file_is_read_like_the_request_body() -> None:
    sent = body(reading())
    assert parse("readings.json", b"\xef\xbb\xbf" + sent).readings == parse_readings(sent).readings


def test_fifty_thousand_readings_are_checked_in_a_second_or_two() -> None:
    sent = body(
        *[reading(position=place % 900 + 1, replicate=place % 50 + 1, measured_at="2026-03-01T10:15:00Z") for place in range(50_000)]
    )
    begun = time.perf_counter()
    assert len(parse_readings(sent).readings) == 50_000
    assert time.perf_counter() - begun < 5


def test_nothing_is_handed_over_after_a_faulty_reading_and_every_fault_is_named() -> None:
    opened = open_message(body(reading(), reading(value="12,5x"), reading(), reading(unit="furlong"))).read()
    assert next(opened).raw == "12.50"
    with pytest.raises(ParseError) as refused:
        next(opened)
    assert [problem.pointer for problem in refused.value.problems] == ["/readings/1/value", "/readings/3/unit"]
