"""What the ICP and atomic absorption formats say: quantities, units, channels, replicates, standards, dilutions, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from assays.instruments.parsers.channels import read_channel
from assays.instruments.parsers.model import ParsedExport, ParsedReading, ParseError
from assays.instruments.parsers.registry import PARSERS, parse
from assays.instruments.parsers.source import open_source
from tests.assays.instruments.parsers import small_icp_exports as small
from tests.assays.instruments.parsers.files import number, pack, workbook_parts


def read(text: str) -> ParsedExport:
    return parse("export.csv", text.encode())


def cells(export: ParsedExport, sample: str, analyte: str) -> dict[tuple[str, int | None], tuple[Any, ...]]:
    """The readings of a sample and analyte: value, qualifier and unit by quantity and replicate."""
    found = [reading for reading in export.readings if (reading.sample, reading.analyte) == (sample, analyte)]
    return {
        (reading.quantity, reading.replicate): (reading.value and float(reading.value), reading.qualifier, reading.unit)
        for reading in found
    }


def refuse(text: str) -> str:
    with pytest.raises(ParseError) as refusal:
        read(text)
    assert refusal.value.place.row is not None
    return refusal.value.code


def test_icp_expert_keeps_each_unit_with_its_quantity_and_every_replicate() -> None:
    export = read(small.ICP_EXPERT)
    assert [(row.label, row.kind, row.total_dilution) for row in export.rows] == [
        ("BLK", "blank", 1),
        ("S-1", "sample", 10),
        ("S-2", "sample", 10),
    ]
    assert cells(export, "S-1", "Dy") == {
        ("measured_concentration", None): (12.5, "", "µg/L"),
        ("concentration", None): (0.125, "", "mg/L"),
        ("intensity", None): (59.2, "", None),
        ("internal_standard_ratio", None): (0.98, "", None),
        ("measured_concentration_sd", None): (0.2, "", "µg/L"),
        ("measured_concentration_rsd", None): (1.6, "", "%"),
        ("intensity", 1): (59.4, "", None),
        ("intensity", 2): (59.1, "", None),
    }
    assert cells(export, "S-1", "Tb")["measured_concentration", None] == (None, "OVER", "µg/L")
    assert "flags of replicates: Dy 1 e" in export.rows[1].comment
    assert "flags: Tb o" in export.rows[1].comment


def test_icp_expert_content_corrected_for_weight_is_no_concentration_of_the_solution() -> None:
    second = cells(read(small.ICP_EXPERT), "S-2", "Dy")
    assert second["corrected_concentration", None] == (0.05, "<", "mg/L")
    assert second["measured_concentration", None] == (-0.02, "", "µg/L")
    assert ("concentration", None) not in second


def test_icp_expert_takes_units_and_lines_from_headings() -> None:
    export = read(small.ICP_EXPERT_5110)
    assert {(reading.analyte, reading.isotope_or_line) for reading in export.readings} == {("Dy", "353.171"), ("Tb", "350.914")}
    assert cells(export, "S-1", "Tb")["measured_concentration", None] == (None, "--", "mg/L")
    assert [row.vial for row in export.rows] == ["1:1", "1:2"]


def test_spectraa_reads_blocks_and_names_no_quantity_the_file_does_not() -> None:
    export = parse("x", small.SPECTRAA.encode("utf-16"))
    contents = [reading for reading in export.readings if reading.quantity == "concentration"]
    assert [(one.sample, one.analyte, one.raw, one.value, one.qualifier, one.unit) for one in contents] == [
        ("S-1", "Dy", "OVER", None, "OVER", "mg/L"),
        ("S-2", "Dy", "1.5", Decimal("1.5"), "", "mg/L"),
        ("S-1", "Dy", "27", Decimal(27), "", "mg/L"),
    ]
    assert {reading.quantity for reading in export.readings} == {"concentration", "column_5", "column_6"}
    assert [row.comment for row in export.rows] == ["Method: Dy échelle 1 (Flamme)"] * 2 + ["Method: Dy échelle 2 (Flamme)"]
    assert refuse(small.SPECTRAA.replace("Méthode: Dy", "Méthode: Gold")) == "no_analyte"
    assert refuse(small.SPECTRAA.replace("mg/L", "furlong", 1)) == "bad_line"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("163Dy (KED)", ("Dy", "163", "KED", False)),
        ("75As | 75As.16O (TQ-O2)", ("As", "75 -> 91", "TQ-O2", False)),
        ("Dy 353.170 {95} (Axial)", ("Dy", "353.170", "Axial", False)),
        ("Ag 107-1", ("Ag", "107-1", None, False)),
        ("Rh 103 (IS)", ("Rh", "103", None, True)),
        ("Al 396.152 nm", ("Al", "396.152", None, False)),
        ("Xx 12", None),
        ("Dataset File", None),
        ("12", None),
    ],
)
def test_channels_are_read_as_the_software_writes_them(text: str, expected: tuple[Any, ...] | None) -> None:
    channel = read_channel(text)
    assert (channel and (channel.analyte, channel.line, channel.mode, channel.internal_standard)) == expected


def test_icp_expert_reads_titles_that_come_twice_only_where_they_describe() -> None:
    twice = small.ICP_EXPERT.replace("Batch Label", "Act Wgt")
    assert len(read(twice).readings) == len(read(small.ICP_EXPERT).readings)
    assert refuse(small.ICP_EXPERT.replace("Batch Label", "Solution Label")) == "column_twice"
    assert refuse(small.ICP_EXPERT.replace("Internal Std", "Int")) == "column_twice"
    assert refuse(small.ICP_EXPERT.replace("43.5896,,39.4185,", "43.5896,1,,39.4185")) == "bad_replicates"


def test_qtegra_oes_tells_lines_views_and_orders_apart() -> None:
    export = read(small.QTEGRA_OES)
    assert {(reading.isotope_or_line, reading.gas_mode) for reading in export.readings} == {
        ("353.170 {95}", "Axial"),
        ("353.170 {96}", "Axial"),
    }
    assert refuse(small.QTEGRA_OES.replace("{96}", "{95}")) == "column_twice"
    # What is stuck to the end of every line spoils the headings of the last column: its values must not vanish.
    assert refuse(small.QTEGRA_OES.replace("\r\n", ",\r\n")) == "bad_heading"
    once = read(small.QTEGRA_OES.replace("Dy 353.170 {96} (Axial)", "Tb 350.917 {96}"))
    assert {(reading.isotope_or_line, reading.gas_mode) for reading in once.readings} == {("353.170", "Axial"), ("350.917", None)}
    found = {(reading.quantity, reading.unit) for reading in export.readings}
    assert found == {
        ("counts", "cps"),
        ("counts_sd", "cps"),
        ("counts_rsd", "%"),
        ("concentration", "ppm"),
        ("concentration_sd", "ppm"),
        ("nominal_concentration", "ppm"),
    }


def test_qtegra_isotopes_with_tabs_and_decimal_commas() -> None:
    export = read(small.QTEGRA_MS)
    assert cells(export, "S-1", "Dy") == {
        ("counts", None): (40123.7, "", "cps"),
        ("corrected_intensity", None): (40500.1, "", "cps"),
        ("concentration", None): (12.517, "", "ppb"),
        ("measured_concentration", None): (1.2517, "", "ppb"),
    }
    assert cells(export, "S-2", "Dy")["concentration", None] == (0.05, "<", "ppb")
    assert cells(export, "S-2", "Tb") == {("counts", 1): (17.25, "", "cps")}
    assert {(reading.isotope_or_line, reading.gas_mode) for reading in export.readings} == {("163", "KED"), ("159", "STD")}
    assert refuse(small.QTEGRA_MS.replace("159Tb (STD)", "unknown")) == "bad_heading"
    assert refuse(small.QTEGRA_MS + small.QTEGRA_MS) == "second_header"


def test_winlab32_numbers_replicates_and_knows_standards_by_their_brackets() -> None:
    export = read(small.WINLAB32)
    assert [(row.label, row.kind) for row in export.rows] == [("Std 1", "standard"), ("S-1", "unknown")]
    standard = cells(export, "Std 1", "Dy")
    assert standard["nominal_concentration", None] == (5, "", None)
    assert not any(quantity in {"concentration", "measured_concentration"} for quantity, _ in standard)
    sample = cells(export, "S-1", "Dy")
    assert [sample["concentration", replicate][0] for replicate in (None, 1, 2)] == [12.5, 12.4, 12.6]
    assert sample["reported_measured_concentration", None][0] == 1.25
    assert {reading.acquired_at for reading in export.readings if reading.replicate == 1 and reading.analyte == "Tb"} == {
        "4/7/2026 1:02:01 PM"
    }
    assert refuse(small.WINLAB32.replace(",Tb,350.915", ",Dy,350.915")) == "analyte_differs"


def test_winlab32_reported_content_counts_where_it_comes_alone() -> None:
    export = read(small.WINLAB32_SHORT)
    assert [(one.sample, one.quantity, one.raw, one.unit) for one in export.readings] == [
        ("S-1", "concentration", "12.50", "mg/L"),
        ("S-2", "concentration", "<0.05", "mg/L"),
    ]


def test_shimadzu_keeps_both_blocks_and_takes_the_corrected_one_where_it_is_alone() -> None:
    export = read(small.SHIMADZU_ICPE)
    sample = cells(export, "S-1", "Dy")
    assert sample["concentration", None] == (12.52, "", "ppb")
    assert sample["concentration", 2] == (12.53, "", "ppb")
    assert sample["concentration_after_drift_correction", None] == (12.62, "", "ppb")
    assert sample["concentration_rsd", None] == (0.11, "", "%")
    assert cells(export, "S-1", "Tb")["concentration", None] == (None, "--", "ppb")
    alone = read(small.SHIMADZU_ICPE.replace("----", ""))
    assert cells(alone, "BLK", "Dy")["concentration", None] == (-0.0995, "", "ppb")


HEADER = [" ", "Sample Id", "R", "Acquisition Time", "A/S Loc", "QC Status", "Dataset File", "Method File"]
SAMPLE = [number("2"), "S-1", None, "31/03/2026 1:31:44 AM", number("72"), None, "D1", "M1"]
BLANK = [number("1"), "Blank 1", None, "31/03/2026 1:26:11 AM", number("71"), None, "D1", "M1"]
LATER = [number("3"), "S-1", number("2"), "31/03/2026 1:40:00 AM", number("72"), "low", "D1", "M1"]


def syngistix(**sheets: Any) -> bytes:
    return pack(workbook_parts({name.replace("_", " "): rows for name, rows in sheets.items()}))


WORKBOOK = {
    "Raw Intensities": [[*HEADER, "Dy 163\n(cps)"], [*BLANK, number("10.5")], [*SAMPLE, number("40123.7")]],
    "Conc. in Calib Units": [[*HEADER, "Dy 163\n(µg/L)"], [*SAMPLE, number("1.25")]],
    "Conc. in Sample Units": [
        [*HEADER, "Dy 163\n(mg/L)", "Y 371.029\n(mg/L)"],
        [*BLANK, number("-0.001"), "<0.01"],
        [None, "Calibration Curves"],
        [*SAMPLE, number("12.5"), number("3.5")],
        [*HEADER, "Tb 159\n(mg/L)"],
        [*LATER, number("0.75")],
    ],
    "Conc. in Sample Units RSDs": [[*HEADER, "Dy 163\n(mg/L)"], [*SAMPLE, number("0.0152")]],
    "Internal Standards": [[*HEADER, "Rh 103\n(%)"], [*SAMPLE, number("98.2")]],
    "Calibration Curves": [["Analyte", "Equation"], ["Dy 163", "y = 0,0123x + 0,5"]],
    "QC": [],
}


def test_syngistix_joins_the_sheets_of_an_acquisition_in_one_row() -> None:
    data = pack(workbook_parts(WORKBOOK))
    assert [parser.FORMAT for parser in PARSERS if parser.recognise(open_source("x", data))] == ["perkinelmer_syngistix"]
    export = parse("x", data)
    assert [(row.label, row.sheet, row.vial) for row in export.rows] == [
        ("Blank 1", "Raw Intensities", "71"),
        ("S-1", "Raw Intensities", "72"),
        ("S-1", "Conc. in Sample Units", "72"),
    ]
    assert {reading.row_index for reading in export.readings if reading.sample == "S-1" and reading.analyte == "Dy"} == {1}
    assert cells(export, "S-1", "Dy") == {
        ("counts", None): (40123.7, "", "cps"),
        ("measured_concentration", None): (1.25, "", "µg/L"),
        ("concentration", None): (12.5, "", "mg/L"),
        ("concentration_rsd", None): (0.0152, "", "fraction"),
    }
    assert cells(export, "S-1", "Tb") == {("concentration", 2): (0.75, "", "mg/L")}
    assert cells(export, "Blank 1", "Y") == {("concentration", None): (0.01, "<", "mg/L")}
    standards = [reading for reading in export.readings if reading.internal_standard]
    assert [(one.analyte, one.quantity, one.unit) for one in standards] == [("Rh", "internal_standard_recovery", "%")]
    assert {(note.code, note.place.sheet) for note in export.notes} == {
        ("line_passed_over", "Conc. in Sample Units"),
        ("sheet_passed_over", "Calibration Curves"),
    }


def test_syngistix_workbook_cut_anywhere_is_refused() -> None:
    data = pack(workbook_parts(WORKBOOK))
    for length in range(0, len(data), 7):
        with pytest.raises(ParseError) as refusal:
            parse("x", data[:length])
        assert refusal.value.code != "unforeseen"


def test_readings_follow_their_rows_without_a_gap() -> None:
    for text in vars(small).values():
        if isinstance(text, str) and "\r\n" in text:
            export = read(text)
            assert {one.row_index for one in export.readings} == set(range(len(export.rows)))
            assert all(isinstance(one, ParsedReading) for one in export.readings)
