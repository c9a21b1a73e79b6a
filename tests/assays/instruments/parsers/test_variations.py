"""Exports as other laboratories set them up: other columns, languages, units and ways of writing numbers than the usual ones."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assays.instruments.parsers.channels import Channel, read_channel
from assays.instruments.parsers.model import ParseError
from assays.instruments.parsers.nomenclature import read_cell_text
from assays.instruments.parsers.registry import parse
from tests.assays.instruments.parsers.files import pack, text, workbook_parts

Told = tuple[str, str | None, str | None, str, str | None, str, str]


def tell(content: bytes | str, name: str = "export.csv") -> list[Told]:
    """Analyte, isotope or line, mode, quantity, unit, value and qualifier of every reading."""
    export = parse(name, content.encode() if isinstance(content, str) else content)
    return [(r.analyte, r.isotope_or_line, r.gas_mode, r.quantity, r.unit, str(r.value), r.qualifier) for r in export.readings]


@pytest.mark.parametrize(
    ("written", "sign", "value"),
    [
        ("1,234.5", ".", "1234.5"), ("1.234,5", ".", "1234.5"), ("1.234.567,8", ",", "1234567.8"), ("1,234,567", ".", "1234567"),
        ("1\u202f234,5", ",", "1234.5"), ("1'234.5", ".", "1234.5"), ("1,5", ".", "1.5"),
        ("0,123", ".", "0.123"), ("1234,567", ".", "1234.567"),
        ("\u22120.5", ".", "-0.5"),
    ],
)  # fmt: skip
def test_a_number_that_can_be_read_in_one_way_only_is_read(written: str, sign: str, value: str) -> None:
    assert read_cell_text(written, sign) == (Decimal(value), "")


@pytest.mark.parametrize(
    ("written", "sign"), [("1,234", "."), ("-1,234", "."), ("1.234", ","), ("12,34,567", "."), ("1,2,3", "."), ("1,", ".")]
)
def test_a_number_that_can_be_read_in_two_ways_stays_text(written: str, sign: str) -> None:
    assert read_cell_text(written, sign) == (None, "?")


def test_codes_and_words_for_no_number() -> None:
    assert [read_cell_text(word)[1] for word in ("-9999", "-9999.0", "IND", "< LLD", "<LOQ", "<-9999")] == [
        "--",
        "--",
        "N/A",
        "ND",
        "ND",
        "<",
    ]


def test_channels_in_other_spellings() -> None:
    assert read_channel("Dy (353.171 nm)") == Channel("Dy", "353.171")
    assert read_channel("Tb 350.917 Axial") == Channel("Tb", "350.917", "Axial")
    assert read_channel("103Rh (KED) (IS)") == Channel("Rh", "103", "KED", internal_standard=True)


def test_qtegra_units_that_name_the_element_are_units_and_no_sample() -> None:
    rows = (
        "\t\tRaw.Average\tExtCal.Average",
        "\t\t0\t0",
        "\t\t163Dy (KED)\t159Tb | 159Tb.16O (O2)",
        "\t\t163Dy (cps)\tTb (ppb)",
        "1\tA (1)\t5\t<0.1\n",
    )
    assert tell("\r\n".join(rows).encode("utf-16")) == [
        ("Dy", "163", "KED", "counts", "cps", "5", ""),
        ("Tb", "159 -> 175", "O2", "concentration", "ppb", "0.1", "<"),
    ]


def test_qtegra_without_units_keeps_its_first_sample() -> None:
    told = tell(";;Raw.Average\n;;0\n;;163Dy (KED)\n1;Blank (1);5\n2;B;6\n")
    assert [value for *_, value, _ in told] == ["5", "6"]


def test_winlab_units_in_columns_and_in_titles() -> None:
    first = tell('Sample ID,Analyte Name,Conc (Calib),Conc (Samp),Calib Units,Samp Units\nA,Dy 353.170,1,"1,200.5",mg/L,mg/kg\n')
    assert [(quantity, unit, value) for _, _, _, quantity, unit, value, _ in first] == [
        ("measured_concentration", "mg/L", "1"),
        ("concentration", "mg/kg", "1200.5"),
    ]
    second = tell("Sample ID,Analyte Name,Conc (Samp) (mg/L),SD (Conc),RSD (Conc)\nA,Dy 353.170,12.5,1,8\n")
    assert [unit for *_, unit, _, _ in second] == ["mg/L", "mg/L", "%"]


def test_winlab_last_cell_that_says_missing_needs_no_line_break() -> None:
    assert tell("Sample ID,Analyte Name,Int (Corr),Conc (Samp)\nA,Dy 353.170,12.5,--")[-1][-1] == "--"


def test_icp_expert_with_lines_above_and_element_labels() -> None:
    table = "Worksheet: REE\n\nSolution Label,Type,Element Label,Flags,Conc,Units\nA,Sample,Dy (353.171 nm),,1.5,ppm\n"
    assert tell(table) == [("Dy", "353.171", None, "measured_concentration", "ppm", "1.5", "")]


def test_spectraplus_without_intensities() -> None:
    told = tell("Formula\tConcentration\tStatus\tLine 1\nDy2O3\t12,5 %\tXRF 1\tDy LA1\nY\t1.5 PPM\tXRF 1\tY KA1\n", "A-1.csv")
    assert [(analyte, unit, value) for analyte, _, _, _, unit, value, _ in told] == [("Dy2O3", "%", "12.5"), ("Y", "PPM", "1.5")]


def test_beads_may_have_a_sum() -> None:
    told = tell("\t\t\tDy2O3\t\tSum\t\nNr\tIdent\tSeq\tC\tUnit\tC\tUnit\n1\tA\t1 of 1\t0.5\t%\t99.5\t%\n")
    assert [(analyte, quantity, unit) for analyte, _, _, quantity, unit, _, _ in told] == [
        ("Dy2O3", "concentration", "%"),
        ("Sum", "sum_of_concentrations", "%"),
    ]


def test_arl_unit_columns_beside_the_results() -> None:
    told = tell("\tResult\tUnit\tResult\tUnit\nSID Value 1\tDy2O3\t\tTb4O7\t\nA-1\t0.5\t%\t231\tppm\n")
    assert [(analyte, unit, value) for analyte, _, _, _, unit, value, _ in told] == [("Dy2O3", "%", "0.5"), ("Tb4O7", "ppm", "231")]


def test_masshunter_deviation_has_the_unit_of_its_concentration() -> None:
    told = tell(',,159  Tb  [ He ] ,,\n,Sample Name,Conc. [ ppb ],Conc. SD,CPS\n,A,0.5,0.1,"12,345.6"\n')
    assert [(unit, value) for _, _, _, _, unit, value, _ in told] == [("ppb", "0.5"), ("ppb", "0.1"), ("cps", "12345.6")]


def test_syngistix_sheet_with_few_columns() -> None:
    rows = [
        [text("Sample Id"), text("R"), text("Acquisition Time"), text("Dy 353.170\n(mg/L)")],
        [text("A"), text("1"), text("31/03/2025"), text("3,5")],
    ]
    parts = workbook_parts({"Conc. in Sample Units": rows})
    assert tell(pack(parts), "export.xlsx") == [("Dy", "353.170", None, "concentration", "mg/L", "3.5", "")]


def test_niton_header_comes_again_and_limits_stand_behind_the_word() -> None:
    header = "Reading No,Time,Type,Units,SAMPLE,Y,Y Error"
    told = tell(f"{header}\n1,t,Soil,ppm,A,< LOD : 10,5\n{header},La,La Error\n2,t,Soil,ppm,B,7,1,8,2\n")
    assert [(analyte, quantity, value, qualifier) for analyte, _, _, quantity, _, value, qualifier in told] == [
        ("Y", "concentration", "10", "<"),
        ("Y", "concentration_error", "5", ""),
        ("Y", "concentration", "7", ""),
        ("Y", "concentration_error", "1", ""),
        ("La", "concentration", "8", ""),
        ("La", "concentration_error", "2", ""),
    ]


def test_superq_units_below_the_oxides_behind_a_word() -> None:
    told = tell("Results quantitative - REE\n\nSeq.,Sample name,Date/time,Dy2O3,Tb4O7\n,,,Conc (%),C (ppm)\n1,A,1/2/2024,0.5,231\n")
    assert [(analyte, unit, value) for analyte, _, _, _, unit, value, _ in told] == [("Dy2O3", "%", "0.5"), ("Tb4O7", "ppm", "231")]


def test_superq_intensities_beside_the_contents_are_no_contents() -> None:
    header = "Seq.,Sample name,Result type,Dy2O3,Dy2O3,Tb4O7 (kcps)\n,,,Conc (%),Intensity (kcps),\n"
    told = tell(f"Results quantitative - REE\n\n{header}1,A,Concentration,0.5,1.25,231\n")
    assert [(analyte, quantity, unit, value) for analyte, _, _, quantity, unit, value, _ in told] == [
        ("Dy2O3", "concentration", "%", "0.5"),
        ("Dy2O3", "intensity", "kcps", "1.25"),
        ("Tb4O7", "intensity", "kcps", "231"),
    ]


def test_icp_expert_replicates_side_by_side_are_read_where_no_column_counts_them() -> None:
    header = "Solution Label,Type,Element,Flags,Soln Conc,Units,Int,Replicates,,\n"
    told = tell(f"{header}A,Samp,Dy 353.171,,12.5,ppm,4000.5,12.4,12.6,12.5\nA,Samp,Tb 350.914,,1.5,ppm,400.5,,,\n")
    assert [(analyte, value) for analyte, _, _, quantity, _, value, _ in told if quantity == "intensity"] == [
        ("Dy", "4000.5"),
        ("Dy", "12.4"),
        ("Dy", "12.6"),
        ("Dy", "12.5"),
        ("Tb", "400.5"),
    ]


def test_icp_expert_quantity_of_another_name_keeps_its_unit() -> None:
    told = tell("Solution Label,Type,Element,Flags,Soln Conc,Units,Unadjusted Conc,Units\nA,Sample,Dy 353.171,,1,ppm,5,mg/L\n")
    assert [(quantity, unit) for _, _, _, quantity, unit, _, _ in told] == [("measured_concentration", "ppm"), ("unadjusted_conc", "mg/L")]


def test_spectraa_sample_outside_the_calibration_is_no_reason_to_refuse_the_file() -> None:
    told = tell('Method: Dy (Flame),,,\nA-1,UNCAL,,mg/L\nA-2,"1.5",,mg/L\n')
    assert [(value, qualifier) for *_, value, qualifier in told] == [("None", "N/A"), ("1.5", "")]


@pytest.mark.parametrize("line", ['A-1,"41.9",,mg/L,OVER', "A-1,mg/L,,OVER", 'A-1,"41.9",OVER,mg/L', 'OVER,A-1,,mg/L,"41.9"'])
def test_spectraa_columns_that_stand_in_another_order_are_refused(line: str) -> None:
    with pytest.raises(ParseError) as refusal:
        tell(f'Method: Dy (Flame),,,\nA-2,"1.5",,mg/L,"2.0"\n{line}\n')
    assert refusal.value.place.row == 3


def test_spectraa_blocks_of_different_elements_are_one_row_a_sample() -> None:
    blocks = 'Method: Dy (Flame),,,\nA-1,"1.5",,mg/L\nQC,"1",,mg/L\nQC,"2",,mg/L\nMethod: Tb (Flame),,,\nQC,"3",,mg/L\nA-1,"0.5",,mg/L\n'
    export = parse("x", (blocks + 'Method: Tb low (Flame),,,\nA-1,"0.4",,mg/L\n').encode())
    assert [row.label for row in export.rows] == ["A-1", "QC", "QC", "A-1"]
    assert [(r.sample, r.analyte, r.raw, r.row, r.row_index) for r in export.readings] == [
        ("A-1", "Dy", "1.5", 2, 0),
        ("QC", "Dy", "1", 3, 1),
        ("QC", "Dy", "2", 4, 2),
        ("QC", "Tb", "3", 6, 1),
        ("A-1", "Tb", "0.5", 7, 0),
        ("A-1", "Tb", "0.4", 9, 3),
    ]


def test_syngistix_marks_of_internal_standards_and_their_analytes_are_no_part_of_the_name() -> None:
    titles = ["Sample Id", "Acquisition Time", "A/S Loc", "> Rh 103\n(cps)", "|- Dy 163\n(cps)"]
    parts = workbook_parts({"Raw Intensities": [[text(title) for title in titles], [text(one) for one in ("A", "t", "1", "5", "6")]]})
    readings = parse("export.xlsx", pack(parts)).readings
    assert [(r.analyte, r.isotope_or_line, r.internal_standard) for r in readings] == [("Rh", "103", True), ("Dy", "163", False)]
