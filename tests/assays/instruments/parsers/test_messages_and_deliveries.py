"""ASTM E1394 messages with their frames, and deliveries of commercial laboratories."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assays.instruments.parsers.astm_frames import compute_checksum, read_frames
from assays.instruments.parsers.model import ParsedExport, ParsedReading, ParseError
from assays.instruments.parsers.registry import parse
from tests.assays.instruments.parsers.small_exports import ASTM_FRAMES, ASTM_RECORDS, DELIVERY, RECORDS, frame


def read(text: str) -> ParsedExport:
    return parse("message.txt", text.encode())


def refuse(text: str) -> ParseError:
    with pytest.raises(ParseError) as refusal:
        read(text)
    assert refusal.value.code != "unforeseen"
    return refusal.value


def says(reading: ParsedReading) -> tuple[object, ...]:
    return reading.sample, reading.analyte, reading.isotope_or_line, reading.value, reading.qualifier, reading.unit


def in_frames(*records: str) -> str:
    return "\x05" + "".join(frame(place % 8, record) for place, record in enumerate(records, 1)) + "\x04"


def test_checksum_is_the_sum_of_all_bytes_after_stx_with_the_end() -> None:
    # 31 + 41 + 03, by hand; and a sum over 255, of which the last byte counts.
    assert compute_checksum(b"1A\x03") == b"75"
    assert compute_checksum(b"1" + b"z" * 10 + b"\x03") == b"F8"
    assert list(read_frames(b"\x021A\x0375\r\n")) == [b"A\r"]


@pytest.mark.parametrize("text", [ASTM_FRAMES, ASTM_RECORDS])
def test_message_gives_samples_masses_oxides_bounds_and_controls(text: str) -> None:
    export = read(text)
    assert [(row.label, row.kind, row.row) for row in export.rows] == [("S-1", "unknown", 3), ("QC|7", "control", 7)]
    assert [says(one) for one in export.readings] == [
        ("S-1", "Dy", "163", Decimal("12.517"), "", "ug/L"),
        ("S-1", "Tb4O7", None, Decimal("0.05"), "<", "ug/L"),
        ("QC|7", "Dy", "163", Decimal(1000), ">", "ug/L"),
        ("QC|7", "Tb", "159", Decimal("9.881"), "", "ug/L"),
    ]
    assert [(one.row, one.column, one.acquired_at) for one in export.readings[:2]] == [
        (4, "D", "20261012101733"),
        (5, "D", "20261012101733"),
    ]
    assert export.rows[0].comment == "diluted & run again"


def test_result_that_is_not_final_holds_its_sample_back() -> None:
    export = read(ASTM_RECORDS)
    assert [(row.rejected, row.flag) for row in export.rows] == [(False, ""), (True, "P")]
    assert [note.code for note in export.notes] == ["not_final"]


def test_separators_are_the_ones_the_header_names() -> None:
    swapped = ASTM_RECORDS.translate(str.maketrans("|\\^&", "!~@%"))
    assert [says(one)[1:] for one in read(swapped).readings] == [says(one)[1:] for one in read(ASTM_RECORDS).readings]


def test_frame_sent_again_counts_once() -> None:
    again = ASTM_FRAMES.replace(frame(6, RECORDS[4]), frame(6, RECORDS[4]) + "\x15" + frame(6, RECORDS[4]))
    assert len(again) > len(ASTM_FRAMES)
    assert read(again).readings == read(ASTM_FRAMES).readings


def test_two_messages_one_after_the_other_are_both_read() -> None:
    export = read(ASTM_FRAMES * 2)
    assert [row.label for row in export.rows] == ["S-1", "QC|7"] * 2
    assert [one.row_index for one in export.readings] == [0, 0, 1, 1, 2, 2, 3, 3]


def test_no_changed_byte_of_a_framed_message_goes_unseen() -> None:
    right = read(ASTM_FRAMES)
    data = ASTM_FRAMES.encode()
    for place in range(len(data)):
        for change in (0x01, 0x20, 0x80):
            spoiled = bytearray(data)
            spoiled[place] ^= change
            try:
                export = parse("message", bytes(spoiled))
            except ParseError as refusal:
                code = refusal.code
            else:
                # A checksum in small letters, or another line break between frames, changes nothing that is said.
                assert (export.rows, export.readings) == (right.rows, right.readings), place
                continue
            assert code != "unforeseen"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ASTM_FRAMES.replace("12.517", "82.517", 1), "checksum"),
        (ASTM_FRAMES.replace(frame(2, RECORDS[1]), ""), "frame_missing"),
        (ASTM_FRAMES.replace(frame(3, RECORDS[2]), frame(3, RECORDS[2]) + "x"), "stray_bytes"),
        (ASTM_FRAMES[:-30], "cut_off"),
        (in_frames(*RECORDS[:-1]), "cut_off"),
        (in_frames(*RECORDS[:-1], "L|1|T\r"), "message_aborted"),
        (in_frames(RECORDS[0], RECORDS[3], RECORDS[-1]), "no_order"),
        (in_frames(*RECORDS[:3], "R|1||12.5|ug/L\r", RECORDS[-1]), "no_analyte"),
        (in_frames(*RECORDS[:3], "Z|1\r", RECORDS[-1]), "bad_record"),
        (in_frames("H||^&|||x\r", *RECORDS[1:]), "bad_header"),
        (in_frames(RECORDS[0], RECORDS[-1]), "no_readings"),
    ],
)
def test_damaged_or_broken_message_is_refused_with_a_reason(text: str, code: str) -> None:
    assert refuse(text).code == code


@pytest.mark.parametrize(
    ("value", "flag", "expected"),
    [
        ("12.5", "", (Decimal("12.5"), "")), ("12.5", "HH", (Decimal("12.5"), "")), ("0.05", "<", (Decimal("0.05"), "<")),
        ("<0.05", "<", (Decimal("0.05"), "<")), ("<0.05", ">", (None, "?")), ("5", "<\\>", (None, "?")), ("", "", (None, "--")),
        ("----", "", (None, "--")), ("12,5", "", (None, "?")), ("1^2", "", (None, "?")),
    ],
)  # fmt: skip
def test_flags_make_bounds_and_never_contradict_the_value(value: str, flag: str, expected: tuple[Decimal | None, str]) -> None:
    [reading] = read(in_frames(*RECORDS[:3], f"R|1|^^^Dy|{value}|ug/L||{flag}||F\r", RECORDS[-1])).readings
    assert (reading.value, reading.qualifier) == expected


def test_delivery_keeps_methods_units_and_bounds_apart() -> None:
    export = read(DELIVERY)
    assert [row.label for row in export.rows] == ["S-1", "S-2", "S-3"]
    read_cells = {(one.sample, one.analyte, one.gas_mode): (one.value, one.qualifier, one.unit) for one in export.readings}
    assert read_cells == {
        ("S-1", "Dy", "ME-MS81"): (Decimal("412.5"), "", "ppm"),
        ("S-1", "Dy", "ME-OGREE"): (Decimal("0.041"), "", "%"),
        ("S-1", "Tb", "ME-MS81"): (Decimal("62.4"), "", "ppm"),
        ("S-1", "SiO2", "ME-XRF26"): (Decimal("61.204"), "", "%"),
        ("S-2", "Dy", "ME-MS81"): (Decimal(1000), ">", "ppm"),
        ("S-2", "Dy", "ME-OGREE"): (Decimal("0.275"), "", "%"),
        ("S-2", "Tb", "ME-MS81"): (Decimal("0.01"), "<", "ppm"),
        ("S-2", "SiO2", "ME-XRF26"): (Decimal("58.91"), "", "%"),
        ("S-3", "Dy", "ME-MS81"): (Decimal("0.05"), "<", "ppm"),
        ("S-3", "Dy", "ME-OGREE"): (None, "--", "%"),
        ("S-3", "Tb", "ME-MS81"): (Decimal("0.02"), "", "ppm"),
        ("S-3", "SiO2", "ME-XRF26"): (None, "N/A", "%"),
    }


def test_delivery_reads_a_negative_content_that_is_not_the_limit_as_negative() -> None:
    [negative] = [one for one in read(DELIVERY.replace("-0.01", "-0.02")).readings if one.raw == "-0.02"]
    assert (negative.value, negative.qualifier) == (Decimal("-0.02"), "")


def test_delivery_with_one_element_twice_by_one_method_is_refused() -> None:
    assert refuse(DELIVERY.replace("ELEMENT,Dy,Dy,Tb", "ELEMENT,Dy,Dy,Dy")).code == "column_twice"
