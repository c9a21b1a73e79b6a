"""Rows to tubes: nothing guessed, nothing dropped, no blank or standard ever a sample."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.instruments.matching import (
    DEFAULT_PATTERNS,
    ControlPattern,
    Matching,
    RowMatch,
    TrayPosition,
    list_rows,
    match_positions,
    normalise_label,
)
from assays.instruments.parsers.model import ParsedExport, ParsedReading, ParsedRow
from assays.instruments.parsers.registry import parse
from assays.instruments.parsers.sample_types import classify_type
from tests.assays.instruments.parsers.files import shared_file

TRAY = (
    TrayPosition(1, "RB-1", "blank"),
    TrayPosition(2, "R7-02", "reference", names=("OREAS 100a",), vial="2102"),
    TrayPosition(3, "K7QF-3", "sample", names=("AL-0031",), vial="2103"),
    TrayPosition(4, "M2XD-8", "sample", vial="2104"),
    TrayPosition(5, "M2XD-8 dup", "duplicate"),
)


def row(label: str, kind: str = "Sample", number: int = 3, **changes: Any) -> ParsedRow:
    return ParsedRow(label, kind, classify_type(kind), number, "Sheet1", **changes)


def export_of(*rows: ParsedRow, empty: tuple[int, ...] = ()) -> ParsedExport:
    """An export with one reading of Dy in every row but the empty ones."""
    readings = tuple(
        ParsedReading(
            one.label, one.type, "Dy", "163", "He", "concentration", "ppb", "1.5", Decimal("1.5"), "", one.sheet, one.row, "G", index
        )
        for index, one in enumerate(rows)
        if index not in empty
    )
    return ParsedExport("agilent_masshunter", rows, readings)


def match(*rows: ParsedRow, tray: tuple[TrayPosition, ...] = TRAY, empty: tuple[int, ...] = ()) -> Matching:
    return match_positions(export_of(*rows, empty=empty), tray)


def match_one(one: ParsedRow, tray: tuple[TrayPosition, ...] = TRAY) -> RowMatch:
    return match(one, tray=tray).rows[0]


@pytest.mark.parametrize(
    ("label", "position"), [("K7QF-3", 3), ("k7qf-3", 3), ("K7QF 3", 3), (" K7QF3 ", 3), ("AL-0031", 3), ("M2XD-8", 4), ("M2XD-8 dup", 5)]
)
def test_name_on_the_tube_finds_its_position_however_it_is_spaced(label: str, position: int) -> None:
    found = match_one(row(label))
    assert (found.outcome, found.position, found.warnings) == ("matched", position, ())


def test_reference_material_is_known_by_its_name_and_positions_left_over_are_named() -> None:
    matching = match(row("oreas100A"), row("RB-1"), row("K7QF-3"))
    assert [found.position for found in matching.rows] == [2, 1, 3]
    assert matching.unfilled == (4, 5)
    assert matching.is_complete


@pytest.mark.parametrize("kind", ["CalBlk", "CalStd", "FQBlk", "SQStd", "BLK", "Bkgnd", "QC1", "DUP", "Cal Blank 1"])
def test_row_typed_otherwise_is_never_taken_for_the_sample_whose_name_it_bears(kind: str) -> None:
    found = match_one(row("K7QF-3", kind))
    assert (found.outcome, found.position, found.suggestion) == ("parked", None, 3)
    assert f"type '{kind}' says" in found.reason


@pytest.mark.parametrize(
    ("label", "kind"), [("Calibration Blank", "CalBlk"), ("0.5 ppb / 25 ppb", "CalStd"), ("anything", "IsoStd"), ("BLANK", "FQBlk")]
)
def test_standards_and_blanks_without_a_position_are_calibration(label: str, kind: str) -> None:
    found = match_one(row(label, kind))
    assert (found.outcome, found.position) == ("calibration", None)
    assert "not a sample" in found.reason


def test_blank_row_takes_the_blank_position_of_its_name() -> None:
    assert match_one(row("RB-1", "BlkVrfy")).position == 1


@pytest.mark.parametrize(
    ("label", "outcome", "kind"),
    [
        ("Method Blank", "control", "blank"),
        ("Cal. Blank QC", "control", "blank"),
        ("blank 2", "control", "blank"),
        ("0.5 ppb MDL", "calibration", "standard"),
        ("10 ppb / 500 ppb", "calibration", "standard"),
        ("5 µg/L", "calibration", "standard"),
        ("Std 3", "calibration", "standard"),
        ("CCV", "control", "control"),
        ("ICV 20 ppb / 1000 ppb", "control", "control"),
        ("Oreas 24b", "control", "control"),
        ("OREAS24B", "control", "control"),
        ("AMIS0682-01D", "control", "control"),
        ("NIST SRM 2709a", "control", "control"),
    ],
)
def test_names_of_controls_and_standards_are_known_even_when_typed_as_samples(label: str, outcome: str, kind: str) -> None:
    found = match_one(row(label))
    assert (found.outcome, found.kind, found.position) == (outcome, kind, None)


@pytest.mark.parametrize("label", ["A-mistyped", "Nistelrode 4", "SRM pit", "Oreas pit"])
def test_a_name_that_only_begins_like_a_reference_material_is_none(label: str) -> None:
    assert match_one(row(label)).outcome == "parked"


def test_pattern_of_the_laboratory_names_the_material() -> None:
    patterns = [ControlPattern(r"clay(std)?7", "control", "IH-CLAY-7"), *DEFAULT_PATTERNS]
    found = match_positions(export_of(row("Clay-7")), TRAY, patterns).rows[0]
    assert (found.outcome, found.material) == ("control", "IH-CLAY-7")


@pytest.mark.parametrize("label", ["PROJECTNAME_1_1in10_1", "Blank Hill 3", "S-1", "1", "OR-7"])
def test_name_that_no_position_bears_is_parked_with_a_remedy(label: str) -> None:
    found = match_one(row(label))
    assert (found.outcome, found.position) == ("parked", None)
    assert "Choose its position, or set the row aside." in found.reason


def test_vial_is_a_hint_never_a_match() -> None:
    found = match_one(row("K7QE-3", vial="2103"))
    assert (found.outcome, found.position, found.suggestion) == ("parked", None, 3)


def test_vial_that_contradicts_the_tray_is_a_warning() -> None:
    matching = match(row("K7QF-3", vial="2104"))
    assert matching.rows[0].position == 3
    assert "vial 2103" in matching.rows[0].warnings[0]
    assert not matching.is_complete


def test_unknown_type_is_matched_by_name_with_a_warning_and_a_missing_type_without() -> None:
    assert match_one(row("K7QF-3", "Foo")).warnings
    assert match_one(row("K7QF-3", "")).warnings == ()


def test_two_rows_of_one_name_are_both_parked_and_say_where_they_stand() -> None:
    matching = match(row("K7QF-3", number=5), row("K7QF-3", number=9), row("M2XD-8", number=10))
    assert [found.outcome for found in matching.rows] == ["parked", "parked", "matched"]
    assert "rows 5, 9" in matching.rows[0].reason
    assert matching.unfilled == (1, 2, 3, 5)


def test_row_over_range_gives_way_to_the_same_analyte_measured_again_in_range() -> None:
    text = 'Method: Dy 1 (Flame),,,\nK7QF-3,OVER,,mg/L\nM2XD-8,OVER,,mg/L\nMethod: Dy 2 (Flame),,,\nK7QF-3,"1.5",,mg/L\nM2XD-8,OVER,,mg/L\n'
    found = match_positions(parse("x", text.encode()), TRAY).rows
    assert [(one.outcome, one.position) for one in found] == [("calibration", None), ("parked", None), ("matched", 3), ("parked", None)]
    assert "measured again in row 5" in found[0].reason
    text = 'Method: Dy (Flame),,,\nK7QF-3,OVER,,mg/L\nMethod: Tb (Flame),,,\nK7QF-3,"1.5",,mg/L\n'
    assert [one.outcome for one in match_positions(parse("x", text.encode()), TRAY).rows] == ["matched"]


def test_planned_replicates_are_numbered_in_their_order() -> None:
    tray = (TrayPosition(3, "K7QF-3", "sample", replicates=2),)
    assert [(found.outcome, found.replicate) for found in match(row("K7QF-3"), row("K7QF-3"), tray=tray).rows] == [
        ("matched", 1),
        ("matched", 2),
    ]
    assert {found.outcome for found in match(*[row("K7QF-3")] * 3, tray=tray).rows} == {"parked"}


def test_rejected_or_aborted_acquisition_gives_way_to_its_repetition() -> None:
    matching = match(row("K7QF-3", rejected=True), row("K7QF-3", number=4), row("M2XD-8", number=5), row("M2XD-8", number=6), empty=(2,))
    assert [(found.outcome, found.position) for found in matching.rows] == [
        ("parked", None),
        ("matched", 3),
        ("parked", None),
        ("matched", 4),
    ]
    assert "rejected" in matching.rows[0].reason
    assert "aborted" in matching.rows[2].reason


def test_equal_controls_are_taken_in_their_order_but_equal_samples_never() -> None:
    references = (TrayPosition(1, "a", "reference", names=("OREAS 100a",)), TrayPosition(8, "b", "reference", names=("OREAS 100a",)))
    assert [found.position for found in match(row("OREAS 100a"), row("OREAS 100a"), tray=references).rows] == [1, 8]
    assert {found.outcome for found in match(row("OREAS 100a"), tray=references).rows} == {"parked"}
    samples = (TrayPosition(1, "a", "sample", names=("X",)), TrayPosition(8, "b", "sample", names=("X",)))
    assert {found.outcome for found in match(row("X"), row("X"), tray=samples).rows} == {"parked"}


def test_vial_tells_positions_of_one_name_apart() -> None:
    samples = (TrayPosition(1, "a", "sample", names=("X",), vial="11"), TrayPosition(8, "b", "duplicate", names=("X",), vial="12"))
    assert [found.position for found in match(row("X", vial="12"), row("X", vial="11"), tray=samples).rows] == [8, 1]
    assert [found.position for found in match(row("X", vial="12"), row("X", vial="99"), tray=samples).rows] == [8, 1]


def test_names_that_differ_only_in_signs_are_told_apart_by_them_or_parked() -> None:
    tray = (TrayPosition(1, "A1-1", "sample"), TrayPosition(2, "A-11", "sample"))
    assert match_one(row("A1-1"), tray).position == 1
    assert match_one(row("A-11"), tray).position == 2
    assert match_one(row("A11"), tray).outcome == "parked"


def test_position_sent_by_number_must_exist() -> None:
    assert match_one(row("3", "", position=3)).position == 3
    found = match_one(row("99", "", position=99))
    assert found.outcome == "parked"
    assert found.reason == "Position 99 does not exist in this run; it has 1–5. Correct the position and send it again."


def test_number_as_sample_name_of_a_file_is_no_position_number() -> None:
    assert match_one(row("3")).outcome == "parked"


def test_sender_who_calls_a_position_by_another_name_is_warned_about() -> None:
    assert match_one(row("M2XD-8", "", position=3)).warnings
    assert match_one(row("K7QF-3", "", position=3)).warnings == ()


def test_row_without_a_name_is_parked() -> None:
    assert "no sample name" in match_one(row("")).reason
    assert "no sample name" in match_one(row("--")).reason or match_one(row("--")).outcome == "parked"


def test_without_a_tray_everything_but_calibration_and_controls_is_parked() -> None:
    matching = match(row("K7QF-3"), row("CCV", "CCV"), row("B", "CalBlk"), tray=())
    assert [found.outcome for found in matching.rows] == ["parked", "control", "calibration"]
    assert list_rows(matching, {"parked"}) == {0}


@pytest.mark.parametrize(("one", "other"), [("Oreas 24b", "OREAS24B"), ("A-1 / b", "a1B"), ("Ｋ７", "k7")])
def test_label_is_reduced_to_letters_and_digits(one: str, other: str) -> None:
    assert normalise_label(one) == normalise_label(other)


labels = st.sampled_from(["K7QF-3", "k7qf3", "M2XD-8", "M2XD-8 dup", "RB-1", "Oreas 100A", "BLANK", "10 ppb", "zzz", "", "3"])
kinds = st.sampled_from(["Sample", "CalBlk", "CalStd", "QC1", "DUP", "", "Foo", "FQBlk"])


@given(st.lists(st.tuples(labels, kinds, st.booleans(), st.sampled_from(["", "2103", "2104"])), max_size=12))
def test_every_row_has_one_outcome_and_no_tube_more_rows_than_planned(drawn: list[tuple[str, str, bool, str]]) -> None:
    rows = [row(label, kind, place + 3, rejected=rejected, vial=vial) for place, (label, kind, rejected, vial) in enumerate(drawn)]
    matching = match(*rows)
    assert [found.row_index for found in matching.rows] == list(range(len(rows)))
    taken = [found.position for found in matching.rows if found.outcome == "matched"]
    assert len(taken) == len(set(taken))
    samples = {position.number for position in TRAY if position.kind == "sample"}
    for found in matching.rows:
        assert bool(found.reason) == (found.outcome != "matched")
        assert (found.position is not None) == (found.outcome == "matched")
        if found.position in samples:
            assert rows[found.row_index].kind in {"sample", "unknown"}
    assert set(matching.unfilled) == {position.number for position in TRAY} - set(taken)


def test_real_export_against_a_foreign_tray_takes_its_blank_for_none_of_the_samples() -> None:
    name = "agilent_masshunter_conc_cps_4col_per_analyte_anonymised.xlsx"
    matching = match_positions(parse(name, shared_file(name).read_bytes()), TRAY)
    assert [found.outcome for found in matching.rows] == ["calibration"] + ["parked"] * 24


def test_real_batch_keeps_blanks_standards_and_controls_away_from_samples() -> None:
    name = "agilent_masshunter_batchtable_2row_7x00_2020-07-13.xlsx"
    export = parse(name, shared_file(name).read_bytes())
    outcomes: dict[str, set[str]] = {}
    for found in match_positions(export, TRAY).rows:
        outcomes.setdefault(found.outcome, set()).add(export.rows[found.row_index].type)
    assert outcomes == {
        "calibration": {"CalBlk", "CalStd", "BLK", "LRB", "Sample"},
        "control": {"QCS", "LFB", "ICV", "DUP", "Spike QC", "CCV", "Sample"},
        "parked": {"Sample", "Spike Ref"},
    }
