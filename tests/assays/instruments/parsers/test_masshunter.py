"""Batch tables in every layout the software writes, and the ones it does not."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assays.instruments.parsers.model import ParsedExport, ParseError
from assays.instruments.parsers.registry import parse
from tests.assays.instruments.parsers.files import (
    DESCRIBING,
    batch_rows,
    describe,
    make_text,
    make_workbook,
    number,
    pack,
    text,
    workbook_parts,
)

FOUR = ["Conc. [ ppb ]", "Conc. RSD", "CPS", "CPS RSD"]
DY = {"163  Dy  [ He ] ": FOUR}


def read(rows: list[list[object]]) -> ParsedExport:
    return parse("batch.xlsx", make_workbook(rows))


def refuse(rows: list[list[object]]) -> ParseError:
    with pytest.raises(ParseError) as refusal:
        read(rows)
    return refusal.value


def one_sample(*measured: object, groups: dict[str, list[str]] = DY) -> list[list[object]]:
    return batch_rows(groups, [(describe("S-1"), measured)])


def test_analyte_in_two_gas_modes_is_two_sets_of_readings() -> None:
    groups = {"7  Li  [ No Gas ] ": ["CPS"], "7  Li  [ He ] ": ["CPS"]}
    readings = read(batch_rows(groups, [(describe("S-1"), [1, 2])])).readings
    assert [(reading.analyte, reading.isotope_or_line, reading.gas_mode, reading.raw) for reading in readings] == [
        ("Li", "7", "No Gas", "1"),
        ("Li", "7", "He", "2"),
    ]


def test_mass_pair_of_an_msms_method_is_kept_as_a_pair() -> None:
    groups = {"159 -> 175  Tb  [ O2 ] ": ["CPS"], "66->66  Zn  [ He ] ": ["CPS"]}
    readings = read(batch_rows(groups, [(describe("S-1"), [1, 2])])).readings
    assert [(reading.analyte, reading.isotope_or_line) for reading in readings] == [("Tb", "159 -> 175"), ("Zn", "66 -> 66")]


def test_internal_standard_is_marked_and_never_mixed_with_the_analyte() -> None:
    groups = {"175  Lu  [ He ] ": FOUR, "115  In ( ISTD )  [ He ] ": ["CPS", "CPS RSD"]}
    readings = read(batch_rows(groups, [(describe("S-1"), [1, 2, 3, 4, 5, 6])])).readings
    assert [(reading.analyte, reading.internal_standard) for reading in readings[3:]] == [("Lu", False), ("In", True), ("In", True)]


def test_heading_without_a_gas_mode_has_none() -> None:
    assert read(one_sample(1, groups={"163  Dy": ["CPS"]})).readings[0].gas_mode is None


@pytest.mark.parametrize(
    ("title", "quantity", "unit"),
    [
        ("Conc. [ ug/l ]", "concentration", "ug/l"),
        ("Conc. [ppm]", "concentration", "ppm"),
        ("Conc. [ Âµg/l ]", "concentration", "µg/l"),
        ("Conc. SD [ ppb ]", "concentration_sd", "ppb"),
        ("Meas. Conc. [ ppb ]", "measured_concentration", "ppb"),
        ("Meas. Conc. RSD", "measured_concentration_rsd", "%"),
        ("CPS", "counts", "cps"),
        ("CPS SD", "counts_sd", "cps"),
    ],
)
def test_column_title_gives_quantity_and_unit(title: str, quantity: str, unit: str) -> None:
    other = "CPS RSD"
    readings = read(one_sample(1, 2, groups={"163  Dy  [ He ] ": [title, other]})).readings
    assert (readings[0].quantity, readings[0].unit) == (quantity, unit)


def test_unknown_measured_column_is_kept_under_its_own_name_with_a_note() -> None:
    export = read(one_sample(1, 99.5, groups={"115  In ( ISTD )  [ He ] ": ["CPS", "ISTD Recovery %"]}))
    assert [(reading.quantity, reading.unit) for reading in export.readings] == [("counts", "cps"), ("istd_recovery", "%")]
    assert [note.code for note in export.notes] == ["column_unknown"]


@pytest.mark.parametrize(("title", "said"), [("Conc.", "missing"), ("Conc. [ blobs ]", "not known")])
def test_concentration_without_a_known_unit_is_noted(title: str, said: str) -> None:
    export = read(one_sample(1, groups={"163  Dy  [ He ] ": [title]}))
    assert [(note.code, note.place.column) for note in export.notes] == [("unit_unknown", "G")]
    assert said in export.notes[0].message


@pytest.mark.parametrize(
    ("raw", "value", "qualifier"),
    [
        ("<0.000", "0.000", "<"),
        ("< 0.05", "0.05", "<"),
        (">1000", "1000", ">"),
        ("OR", None, "OVER"),
        ("OVER", None, "OVER"),
        ("N/A", None, "N/A"),
        ("N.D.", None, "ND"),
        ("--", None, "--"),
        ("12.50", "12.50", ""),
        ("-0.25", "-0.25", ""),
        ("1.5e-3", "1.5e-3", ""),
    ],
)
def test_text_in_a_measured_cell_gives_number_and_qualifier_and_stays_as_written(raw: str, value: str | None, qualifier: str) -> None:
    reading = read(one_sample(raw)).readings[0]
    assert (reading.raw, reading.qualifier) == (raw, qualifier)
    assert reading.value == (None if value is None else Decimal(value))


@pytest.mark.parametrize("raw", ["abc", "1,234", "1.2.3", "0x1A", "١٢", "1e99999", "1e30", "1e-90", "NaN", "inf", "1 2", "12-", "9" * 70])
def test_what_is_no_number_is_kept_as_text_and_noted_not_guessed(raw: str) -> None:
    export = read(one_sample(raw, 1))
    assert (export.readings[0].raw, export.readings[0].value, export.readings[0].qualifier) == (raw, None, "?")
    assert [(note.code, note.place.row, note.place.column) for note in export.notes] == [("value_unread", 3, "G")]


def test_number_keeps_every_digit_of_the_stored_text() -> None:
    readings = read(one_sample(number("3.64E+017"), number("0.1000000000000000055511"), number("3"), number("-1.50"))).readings
    assert [reading.raw for reading in readings] == ["3.64E+017", "0.1000000000000000055511", "3", "-1.50"]
    assert [reading.value for reading in readings] == [
        Decimal("3.64E+17"),
        Decimal("0.1000000000000000055511"),
        Decimal(3),
        Decimal("-1.50"),
    ]


def test_number_turned_into_a_date_by_a_spreadsheet_is_not_a_number() -> None:
    export = read(one_sample(number("43831", style=1), 5))
    assert (export.readings[0].value, export.readings[0].qualifier, export.readings[0].raw) == (None, "?", "2020-01-01T00:00:00")
    assert "date" in export.notes[0].message


def test_error_cell_is_kept_as_text_without_a_number() -> None:
    reading = read(one_sample('<c t="e"><v>#DIV/0!</v></c>', 1)).readings[0]
    assert (reading.raw, reading.value, reading.qualifier) == ("#DIV/0!", None, "?")


@pytest.mark.parametrize("label", ["1-Mar", "Mar-01", "7/9/20", "2020-07-09 00:00:00", "1.00E+05"])
def test_sample_name_rewritten_by_a_spreadsheet_is_noted(label: str) -> None:
    export = read(batch_rows(DY, [(describe(label), [1])]))
    assert export.rows[0].label == label
    assert [(note.code, note.place.row, note.place.column) for note in export.notes] == [("label_mangled", 3, "A")]


def test_sample_name_stored_as_a_date_is_shown_as_one_and_noted() -> None:
    rows = batch_rows(DY, [([number("44025.5250115741", style=1), "Sample"], [1])], describing=["Sample Name", "Type"])
    export = read(rows)
    assert export.rows[0].label == "2020-07-13T12:36:01"
    assert export.notes[0].code == "label_mangled"


@pytest.mark.parametrize(
    ("kinds", "kind"),
    [
        (["CalBlk", "Bkgnd", "BlkVrfy", "FQBlk", "SQBlk", "BLK", "LRB", "Cal Blank 1", "Rinse"], "blank"),
        (["CalStd", "DilStd", "IsoStd", "SQStd", "SQISTD", "Std 5", "CAL3"], "standard"),
        (
            [
                "QC1",
                "QC5",
                "QCS (QC1)",
                "ICV (QC3)",
                "CCV",
                "CCV2",
                "LFB",
                "LFBD",
                "DUP",
                "Spike",
                "Spike QC",
                "SpikeQC2",
                "CICSpike",
                "DriftChk",
            ],
            "control",
        ),
        (["Sample", "sample", "Spike Ref", "Unknown"], "sample"),
        (["", "Foo", "Type 7"], "unknown"),
    ],
)
def test_type_of_a_row_says_what_it_was_measured_for(kinds: list[str], kind: str) -> None:
    export = read(batch_rows(DY, [(describe("x", name), [1]) for name in kinds]))
    assert {row.kind for row in export.rows} == {kind}
    assert [row.type for row in export.rows] == kinds


def test_unknown_type_is_noted() -> None:
    assert [note.code for note in read(batch_rows(DY, [(describe("x", "Foo"), [1])])).notes] == ["type_unknown"]


def test_rejected_and_aborted_rows_are_kept_as_rows() -> None:
    rows = [
        (describe("S-1", rejected=True), [1, 2, 3, 4]),
        (describe("S-2"), [None] * 4),
        ([None] * 6, [None] * 4),
        (describe("S-1"), [5, 6, 7, 8]),
    ]
    export = read(batch_rows(DY, rows))
    assert [(row.label, row.rejected, row.row) for row in export.rows] == [("S-1", True, 3), ("S-2", False, 4), ("S-1", False, 6)]
    assert [reading.row_index for reading in export.readings] == [0] * 4 + [2] * 4


def test_rejection_that_is_not_understood_counts_as_rejection() -> None:
    export = read(batch_rows(DY, [(describe("S-1", rejected="perhaps"), [1])]))
    assert export.rows[0].rejected
    assert [note.code for note in export.notes] == ["rejection_unread"]


def test_dilution_that_is_no_number_is_noted_and_left_out() -> None:
    export = read(batch_rows(DY, [(describe("S-1", dilution="ten"), [1])]))
    assert export.rows[0].total_dilution is None
    assert [note.code for note in export.notes] == ["dilution_unread"]


def test_description_of_a_row_is_kept() -> None:
    row = read(batch_rows(DY, [(describe("S-1", vial="2510", dilution="10.5", comment="twice filtered"), [1])])).rows[0]
    assert (row.vial, row.total_dilution, row.comment) == ("2510", Decimal("10.5"), "twice filtered")


def test_column_that_describes_the_row_in_an_unknown_way_is_passed_over_with_a_note() -> None:
    rows = batch_rows(DY, [(["S-1", "Sample", "Rack 3"], [1])], describing=["Sample Name", "Type", "ISTD Rack"])
    assert [note.code for note in read(rows).notes] == ["column_passed_over"]


def test_sheets_that_are_no_batch_table_are_passed_over_and_two_batches_are_read() -> None:
    sheets = {"First": one_sample(1), "Notes": [["hello", "=1"]], "Second": one_sample(2)}
    export = parse("two.xlsx", pack(workbook_parts(sheets)))
    assert [(reading.sheet, reading.raw, reading.row_index) for reading in export.readings] == [("First", "1", 0), ("Second", "2", 1)]
    assert [(note.code, note.place.sheet) for note in export.notes] == [("sheet_passed_over", "Notes")]


def test_header_may_stand_below_a_title() -> None:
    rows = [["Batch of Monday"], [None], *one_sample(1)]
    assert read(rows).readings[0].row == 5


def test_rich_text_and_phonetic_hints_give_the_text_a_person_sees() -> None:
    parts = workbook_parts({"Sheet1": batch_rows(DY, [([('<c t="s"><v>0</v></c>')], [1])], describing=["Sample Name"])})
    parts["xl/sharedStrings.xml"] = "<sst><si><r><t>S-</t></r><r><t>1_x0041_</t></r><rPh><t>zzz</t></rPh></si></sst>"
    assert parse("rich.xlsx", pack(parts)).rows[0].label == "S-1A"


@pytest.mark.parametrize("separator", [";", "\t"])
def test_decimal_comma_is_read_where_fields_are_not_separated_by_commas(separator: str) -> None:
    rows = batch_rows(DY, [(describe("S-1", dilution="10,5"), ["12,50", "1,2", "<0,05", "7"])])
    export = parse("batch.csv", make_text(rows, separator).encode("cp1252"))
    assert [reading.raw for reading in export.readings] == ["12,50", "1,2", "<0,05", "7"]
    assert [reading.value for reading in export.readings] == [Decimal("12.50"), Decimal("1.2"), Decimal("0.05"), Decimal(7)]
    assert export.rows[0].total_dilution == Decimal("10.5")


def test_comma_and_point_in_one_file_leave_the_comma_unread() -> None:
    rows = batch_rows(DY, [(describe("S-1"), ["1,234", "1.5", None, None])])
    readings = parse("batch.csv", make_text(rows, ";").encode()).readings
    assert [(reading.value, reading.qualifier) for reading in readings] == [(None, "?"), (Decimal("1.5"), "")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_text_is_read_in_every_encoding_windows_writes(encoding: str) -> None:
    rows = batch_rows({"163  Dy  [ He ] ": ["Conc. [ µg/l ]"]}, [(describe("Probe Ü"), ["12.5"])])
    export = parse("batch.csv", make_text(rows).encode(encoding))
    assert (export.rows[0].label, export.readings[0].unit, export.readings[0].raw) == ("Probe Ü", "µg/l", "12.5")
    assert (export.readings[0].sheet, export.readings[0].row, export.readings[0].column) == (None, 3, "G")


# -- what could mean two things is refused, with the place


@pytest.mark.parametrize(
    ("groups", "code", "row", "column"),
    [
        ({"163  Dy  [ He ] ": ["Conc. [ ppb ]", "Conc. [ ppb ]"]}, "column_twice", 2, "H"),
        ({"163  Dy  [ He ] ": ["CPS"], "163  Dy  [ He ]": ["CPS"]}, "analyte_twice", 1, "H"),
        ({"163  Dy  [ He ] ": ["CPS", "Vial Number"]}, "column_misplaced", 2, "H"),
        ({"163  Dy  [ He ] ": ["CPS"], "Something": ["CPS"]}, "bad_heading", 1, "H"),
        ({"163  Dz  [ He ] ": ["CPS"]}, "bad_heading", 1, "G"),
        ({"163  Dy2O3  [ He ] ": ["CPS"]}, "no_analytes", 1, None),
        ({"163  Dy  [ He ] ": ["CPS", "[ x"]}, "bad_heading", 2, "H"),
    ],
)
def test_headings_that_could_mean_two_things_are_refused(groups: dict[str, list[str]], code: str, row: int, column: str | None) -> None:
    refusal = refuse(one_sample(1, 2, groups=groups))
    assert (refusal.code, refusal.place.sheet, refusal.place.row, refusal.place.column) == (code, "Sheet1", row, column)


def test_analyte_heading_without_columns_is_refused() -> None:
    rows = one_sample(1, groups={"163  Dy  [ He ] ": ["CPS"]})
    rows[0].append("159  Tb  [ He ] ")
    assert refuse(rows).code == "no_columns"


def test_measured_column_before_the_first_analyte_is_refused() -> None:
    rows = batch_rows(DY, [(["S-1", "Sample", 5], [1])], describing=["Sample Name", "Type", "CPS"])
    assert refuse(rows).code == "column_without_analyte"


def test_missing_row_of_analytes_is_refused() -> None:
    assert refuse(one_sample(1)[1:]).code == "no_analytes"


def test_missing_sample_name_is_refused() -> None:
    rows = batch_rows(DY, [(["a.d", "Sample"], [1])], describing=["Data File", "Type"])
    assert refuse(rows).code == "no_sample_name"


def test_value_without_a_heading_is_refused_with_its_place() -> None:
    refusal = refuse(one_sample(1, 2, 3, 4, 99))
    assert (refusal.code, refusal.place.row, refusal.place.column) == ("no_heading", 3, "K")


def test_second_header_in_a_sheet_is_refused() -> None:
    rows = one_sample(1)
    refusal = refuse([*rows, *rows[1:]])
    assert (refusal.code, refusal.place.row) == ("second_header", 4)


@pytest.mark.parametrize(("row", "column"), [(3, 6), (3, 0), (2, 6), (1, 6)])
def test_formula_is_refused_with_its_place_wherever_it_stands(row: int, column: int) -> None:
    rows = one_sample(1)
    shown = text(str(rows[row - 1][column])).replace("<c ", "<c ").replace("<is>", "<f>1+1</f><is>")
    rows[row - 1][column] = shown
    refusal = refuse(rows)
    assert (refusal.code, refusal.place.row, refusal.place.column) == ("formula", row, "ABCDEFG"[column])


def test_batch_without_any_measured_value_is_refused() -> None:
    assert refuse(batch_rows(DY, [(describe("S-1"), [None] * 4)])).code == "no_readings"
    assert refuse(batch_rows(DY, [])).code == "no_readings"


def test_columns_in_another_order_give_the_same_readings() -> None:
    first = batch_rows({**DY, "159  Tb  [ He ] ": FOUR}, [(describe("S-1", vial="7"), [1, 2, 3, 4, 5, 6, 7, 8])])
    order = [3, 0, 2, 1, 5, 4]
    second = batch_rows(
        {"159  Tb  [ He ] ": FOUR, **DY},
        [([describe("S-1", vial="7")[place] for place in order], [5, 6, 7, 8, 1, 2, 3, 4])],
        [DESCRIBING[place] for place in order],
    )

    def facts(export: ParsedExport) -> set[tuple[object, ...]]:
        return {(reading.sample, reading.analyte, reading.quantity, reading.raw) for reading in export.readings}

    assert facts(read(first)) == facts(read(second))
    assert read(second).rows[0].vial == "7"
