"""Layouts a laboratory taught: exactly the cells that were written come back, shuffled or not; whatever fits twice is refused."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assays.instruments.parsers import mapped
from assays.instruments.parsers.excerpts import show_place
from assays.instruments.parsers.layouts import HeadingPattern, Layout, MappedColumn, find_faults, guess_column, guess_template
from assays.instruments.parsers.model import ParsedExport, ParseError
from assays.instruments.parsers.source import open_source

LABEL = MappedColumn("Sample", "label")
WIDE = Layout((LABEL, MappedColumn("Remark", "comment")), 1, separator=",", patterns=(HeadingPattern("{analyte} {line} ({unit})"),))
LONG = Layout(
    (
        LABEL, MappedColumn("El", "analyte"), MappedColumn("Mass", "line"), MappedColumn("Unit", "unit"), MappedColumn("Result", "value"),
        MappedColumn("Rep", "replicate"),
    ),
    1,
    "long",
    ";",
    decimal_sign=",",
    missing=("leer",),
)  # fmt: skip
ELEMENT = MappedColumn("El", "analyte")
BESIDE = (LABEL, ELEMENT, MappedColumn("CPS", "value", quantity="counts"), MappedColumn("I", "value", quantity="intensity"))
BY_LINE = (
    LABEL, ELEMENT, MappedColumn("Unit", "unit"), MappedColumn("A", "value", line="163"), MappedColumn("B", "value", line="164")
)  # fmt: skip

names = st.text("ABCDEFGHKLMNPRSTUVWXYZ0123456789-. ", min_size=1, max_size=12).map(str.strip).filter(bool)
numbers = st.decimals(-1000, 100000, places=3).map(lambda value: format(value, "f"))
cells = st.one_of(numbers, numbers.map(lambda text: f"<{text.lstrip('-')}"), st.sampled_from(["n.d.", "OVER", ""]))
channels = st.lists(st.sampled_from([("Dy", "163"), ("Tb", "159"), ("La", "139"), ("Dy2O3", "163"), ("Y", "89")]), min_size=1, unique=True)


def write(rows: list[list[str]], separator: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def read(layout: Layout, data: bytes) -> ParsedExport:
    return mapped.parse(layout, open_source("a.csv", data))


def code_of(layout: Layout, rows: list[list[str]], separator: str = ",") -> str:
    with pytest.raises(ParseError) as refused:
        read(layout, write(rows, separator))
    return refused.value.code


@settings(max_examples=60, deadline=None)
@given(data=st.data(), measured=channels, labels=st.lists(names, min_size=1, max_size=5))
def test_every_cell_of_a_wide_file_comes_back_wherever_its_column_stands(
    data: Any, measured: list[tuple[str, str]], labels: list[str]
) -> None:
    headings = ["Sample", "Remark", *(f"{analyte} {line} (ug/L)" for analyte, line in measured)]
    lines = [[label, "as is", *(data.draw(cells) for _ in measured)] for label in labels]
    order = data.draw(st.permutations(range(len(headings))))
    rows = [[one[at] for at in order] for one in (headings, *lines)]
    written = [
        (label, analyte, line, text)
        for label, _remark, *texts in lines
        for (analyte, line), text in zip(measured, texts, strict=True)
        if text
    ]
    if not written:
        assert code_of(WIDE, rows) == "no_readings"
        return
    export = read(WIDE, write(rows))
    assert sorted((one.sample, one.analyte, str(one.isotope_or_line), one.raw) for one in export.readings) == sorted(written)
    for one in export.readings:
        assert (one.unit, one.quantity) == ("ug/L", "measured_concentration")
        assert one.value == (Decimal(one.raw.lstrip("<")) if one.raw.lstrip("<-")[0].isdigit() else None)
        assert rows[one.row - 1]["ABCDEFGHIJ".index(one.column or "")] == one.raw
    assert [row.comment for row in export.rows] == ["Remark: as is"] * len(labels)


@settings(max_examples=60, deadline=None)
@given(values=st.lists(numbers, min_size=1, max_size=8))
def test_a_long_file_gives_each_line_once_and_a_channel_that_comes_again_begins_a_row(values: list[str]) -> None:
    head = ["Sample", "El", "Mass", "Unit", "Result", "Rep"]
    lines = [["S-1", "Dy", "163", "ug/L", text.replace(".", ","), ""] for text in values]
    export = read(LONG, write([head, *lines], ";"))
    assert [one.value for one in export.readings] == [Decimal(text) for text in values]
    assert [one.row_index for one in export.readings] == list(range(len(values)))
    numbered = [[*line[:5], str(at)] for at, line in enumerate(lines, 1)]
    export = read(LONG, write([head, *numbered], ";"))
    assert ([one.replicate for one in export.readings], len(export.rows)) == (list(range(1, len(values) + 1)), 1)


@settings(max_examples=60, deadline=None)
@given(junk=st.binary(max_size=300), cut=st.integers(0, 60))
def test_junk_and_cut_files_are_refused_with_a_place_or_read_right(junk: bytes, cut: int) -> None:
    whole = write([["Sample", "Dy 163 (ug/L)"], ["S-1", "1.25"], ["S-2", "12.75"]])
    for data in (junk, whole[:cut], whole[:20] + junk):
        try:
            export = read(WIDE, data)
        except ParseError:
            continue
        if whole.startswith(data):
            assert {one.raw for one in export.readings} <= {"1.25", "12.75"}


def test_a_value_of_the_long_form_has_the_unit_of_its_line_and_else_the_one_that_was_taught() -> None:
    taught = (LABEL, MappedColumn("El", "analyte"), MappedColumn("Result", "value", unit="mg/L"))
    export = read(replace(LONG, columns=taught), write([["Sample", "El", "Result"], ["S", "Dy", "1"]], ";"))
    assert [one.unit for one in export.readings] == ["mg/L"]
    counts = MappedColumn("CPS", "value", quantity="counts", unit="cps")
    both = (*taught, MappedColumn("Unit", "unit"), counts)
    head = ["Sample", "El", "Result", "Unit", "CPS"]
    export = read(replace(LONG, columns=both), write([head, ["S", "Dy", "1", "ug/L", "900"], ["S", "Tb", "2", "", "901"]], ";"))
    assert [(one.analyte, one.quantity, one.unit) for one in export.readings] == [
        ("Dy", "measured_concentration", "ug/L"),
        ("Dy", "counts", "cps"),
        ("Tb", "measured_concentration", "mg/L"),
        ("Tb", "counts", "cps"),
    ]


def test_words_and_signs_are_read_as_the_laboratory_said() -> None:
    export = read(LONG, write([["Sample", "El", "Mass", "Unit", "Result", "Rep"], ["S", "Dy", "163", "ug/L", "leer", ""],
                               ["S", "Tb", "159", "ug/L", "1.234,5", ""], ["S", "La", "139", "ug/L", "<0,5", ""]], ";"))  # fmt: skip
    assert [(one.value, one.qualifier) for one in export.readings] == [(None, "--"), (None, "?"), (Decimal("0.5"), "<")]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([["Sample", "Dy 163 (ug/L)"], ["Sample", "Dy 163 (ug/L)"], ["S", "1"]], "mapping_ambiguous"),
        ([["Sample", "Dy 163 (ug/L)", "Colour"], ["S", "1", "red"]], "mapping_does_not_fit"),
        ([["Sample", "Dy 163 (furlong)"], ["S", "1"]], "mapping_does_not_fit"),
        ([["Sample", "Qq 163 (ug/L)"], ["S", "1"]], "mapping_does_not_fit"),
        ([["Sample", "Dy 163 (ug/L)", "Dy 163 (mg/L)"], ["S", "1", "2"]], "column_twice"),
        ([["Sample", "Dy 163 (ug/L)"], ["S", "1", "2"]], "no_heading"),
        ([["Sample", "Dy 163 (ug/L)"], ["S" * 201, "1"]], "text_too_long"),
    ],
)
def test_what_does_not_fit_or_fits_twice_is_refused(rows: list[list[str]], code: str) -> None:
    assert code_of(WIDE, rows) == code


def test_two_patterns_that_read_a_heading_differently_are_refused_and_sheets_are_told_apart() -> None:
    both = replace(WIDE, patterns=(*WIDE.patterns, HeadingPattern("{analyte} {line} ({unit})", "counts")))
    assert code_of(both, [["Sample", "Dy 163 (ug/L)"], ["S", "1"]]) == "mapping_ambiguous"
    assert code_of(replace(WIDE, sheet="Other"), [["Sample", "Dy 163 (ug/L)"], ["S", "1"]]) == "mapping_does_not_fit"


def test_equal_headings_count_by_their_order_alone() -> None:
    columns = (
        LABEL, MappedColumn("Dy", "value", analyte="Dy", unit="ug/L"), MappedColumn("SD", "value", 1, "Dy", quantity="concentration_sd"),
        MappedColumn("Tb", "value", analyte="Tb", unit="ug/L"), MappedColumn("SD", "value", 2, "Tb", quantity="concentration_sd"),
    )  # fmt: skip
    layout = Layout(columns, 1, separator=",")
    head = ["Sample", "Dy", "SD", "Tb", "SD"]
    found = [(one.analyte, one.quantity, one.raw) for one in read(layout, write([head, ["S", "5", "0.1", "7", "0.2"]])).readings]
    assert found[1::2] == [("Dy", "concentration_sd", "0.1"), ("Tb", "concentration_sd", "0.2")]
    assert code_of(layout, [["Sample", "Tb", "SD", "Dy", "SD"], ["S", "7", "0.2", "5", "0.1"]]) == "mapping_does_not_fit"


def test_a_dilution_is_read_and_never_left_open() -> None:
    value = MappedColumn("Dy", "value", analyte="Dy", unit="ug/L", quantity="concentration")
    layout = Layout((LABEL, value), 1, separator=",")
    assert ["includes the dilution" in sentence for _heading, sentence in find_faults(layout)] == [True]
    layout = replace(layout, columns=(*layout.columns, MappedColumn("DF", "dilution")))
    assert find_faults(layout) == []
    export = read(layout, write([["Sample", "Dy", "DF"], ["S", "5", "50"]]))
    assert (export.rows[0].total_dilution, export.readings[0].dilution) == (Decimal(50), Decimal(50))
    assert code_of(layout, [["Sample", "Dy", "DF"], ["S", "5", "x"]]) == "dilution_unread"


@pytest.mark.parametrize(
    ("layout", "words"),
    [
        (replace(WIDE, columns=()), "sample names"),
        (replace(WIDE, columns=(LABEL, LABEL)), "Only one column"),
        (replace(WIDE, columns=(LABEL, MappedColumn("DF", "dilution"))), "no value includes it"),
        (replace(WIDE, patterns=()), "which columns hold the values"),
        (replace(WIDE, patterns=(HeadingPattern("{analyte} {line}"),)), "needs its unit"),
        (replace(WIDE, patterns=(HeadingPattern("{colour}"),)), "no part of a heading"),
        (replace(WIDE, patterns=(HeadingPattern("({unit})"),)), "must hold {analyte}"),
        (replace(WIDE, columns=(LABEL, MappedColumn("X", "value", analyte="Qq", unit="ug/L"))), "no element"),
        (replace(WIDE, columns=(LABEL, MappedColumn("X", "value", analyte="Dy", unit="furlong"))), "no unit known"),
        (replace(LONG, columns=(LABEL, LONG.columns[4])), "which column holds the analytes"),
        (replace(LONG, columns=(*BESIDE, MappedColumn("Unit", "unit"))), "unit of concentrations, and no column holds one"),
        (replace(LONG, columns=(*BESIDE, MappedColumn("What", "quantity"))), "quantity of a whole line"),
        (replace(LONG, columns=(*BY_LINE, MappedColumn("Mass", "line"))), "line of a whole line"),
    ],
)
def test_what_a_layout_leaves_open_is_said(layout: Layout, words: str) -> None:
    assert any(words in sentence for _heading, sentence in find_faults(layout))


@pytest.mark.parametrize(
    ("heading", "template", "analyte", "line", "unit"),
    [
        ("163Dy (ug/L)", "{line}{analyte} ({unit})", "Dy", "163", "ug/L"),
        ("Dy163", "{analyte}{line}", "Dy", "163", ""),
        ("Dy2O3 %", "{analyte} {unit}", "Dy2O3", "", "%"),
        ("Tb 350.917 [mg/L]", "{analyte} {line} [{unit}]", "Tb", "350.917", "mg/L"),
        ("Weather", "", "", "", ""),
    ],
)
def test_headings_are_proposed_as_they_are_usually_written(heading: str, template: str, analyte: str, line: str, unit: str) -> None:
    assert guess_template(heading) == template
    guess = guess_column(heading)
    assert (guess.role, guess.analyte, guess.line, guess.unit) == ("value" if analyte else "comment", analyte, line, unit)


def test_the_lines_around_a_place_are_shown() -> None:
    lines = show_place(b"".join(b"line %d\n" % number for number in range(1, 12)), "row 6, column B")
    assert [line.number for line in lines if line.is_meant] == [6]
    assert (lines[0].text, lines[-1].text) == ("line 3", "line 9")
    assert show_place(b"\x89PNG\x00\x01", "row 1") == ()
