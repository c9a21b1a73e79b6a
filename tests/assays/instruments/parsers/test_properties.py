"""Whatever comes in: the right answer or a refusal with a place, and nothing else."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from assays.instruments.parsers.model import ParsedExport, ParsedReading, ParseError
from assays.instruments.parsers.registry import parse
from assays.instruments.writers import REE_ANALYTES, BatchRow, BatchValues, write_batch_table
from tests.assays.instruments.parsers.files import batch_rows, describe, make_text, make_workbook

FOUR = ["Conc. [ ppb ]", "Conc. RSD", "CPS", "CPS RSD"]
GROUPS = {"163  Dy  [ He ] ": FOUR, "159  Tb  [ He ] ": FOUR, "103  Rh ( ISTD )  [ He ] ": ["CPS", "CPS RSD"]}
MEASURED = ["12.517", "1.5", "40123.7", "0.91", "<0.000", "N/A", "17.25", "88.1", "990123.5", "1.25"]
ROWS = batch_rows(
    GROUPS, [(describe("S-1", vial="2101"), MEASURED), (describe("S-2", vial="2102"), MEASURED[::-1]), (describe("S-3"), MEASURED)]
)
TEXT = make_text(ROWS).encode()
WORKBOOK = make_workbook(ROWS)
slow = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def try_parse(data: bytes) -> ParsedExport | None:
    """The export, or none where it was refused properly."""
    try:
        return parse("any", data)
    except ParseError as error:
        refusal = error
    assert refusal.code != "unforeseen", refusal.__cause__
    assert refusal.message
    return None


def facts(reading: ParsedReading) -> tuple[Any, ...]:
    return (reading.sample, reading.analyte, reading.quantity, reading.raw, reading.value, reading.qualifier, reading.row, reading.column)


RIGHT = {facts(reading) for reading in parse("text", TEXT).readings}


def test_text_cut_at_any_byte_is_refused_or_gives_right_readings_only() -> None:
    accepted = 0
    for length in range(len(TEXT)):
        export = try_parse(TEXT[:length])
        if export is not None:
            accepted += 1
            # The last field of a text without a line break is kept as a text: it may be cut.
            assert {facts(reading) for reading in export.readings if reading.qualifier != "?"} <= RIGHT
            assert all(reading.value is None for reading in export.readings if reading.qualifier == "?")
            whole_rows = {reading.row for reading in export.readings}
            assert len(export.readings) == sum(fact[6] in whole_rows for fact in RIGHT)
    assert accepted > 0


def test_workbook_cut_at_any_byte_is_refused() -> None:
    assert [length for length in range(len(WORKBOOK)) if try_parse(WORKBOOK[:length]) is not None] == []


@slow
@given(st.binary(max_size=2000))
@example(b"PK\x03\x04")
@example(b"\xff\xfe")
def test_random_bytes_are_refused(data: bytes) -> None:
    assert try_parse(data) is None


@slow
@given(st.text(alphabet=st.sampled_from('Sample Name,;\t"\r\nConc.[]ppb163DyHe0.5<>/ISTDÂµ\x00'), max_size=400))
def test_random_text_of_the_right_letters_raises_nothing_else(text: str) -> None:
    try_parse(text.encode())


@slow
@given(st.integers(0, len(WORKBOOK) - 1), st.integers(1, 255))
def test_one_changed_byte_of_a_workbook_never_gives_a_wrong_number(place: int, change: int) -> None:
    spoiled = bytearray(WORKBOOK)
    spoiled[place] ^= change
    export = try_parse(bytes(spoiled))
    if export is not None:
        assert {(reading.analyte, reading.quantity, reading.raw) for reading in export.readings} <= {
            (fact[1], fact[2], fact[3]) for fact in RIGHT
        }


@slow
@given(st.lists(st.tuples(st.integers(0, len(TEXT) - 1), st.integers(0, 255)), max_size=6))
def test_changed_bytes_of_a_text_raise_nothing_else(changes: list[tuple[int, int]]) -> None:
    spoiled = bytearray(TEXT)
    for place, byte in changes:
        spoiled[place] = byte
    try_parse(bytes(spoiled))


@slow
@given(st.data())
def test_shuffled_columns_are_refused_or_keep_every_number_under_its_analyte(data: st.DataObject) -> None:
    # Values that say which column they came from; an analyte's later columns carry no name of their own, so a swap between equal titles of
    # two analytes cannot be seen by anybody and is left out here.
    order = data.draw(st.permutations(range(6)))
    groups = data.draw(st.permutations(list(GROUPS)))
    columns = {name: data.draw(st.permutations(GROUPS[name])) for name in groups}
    describing = ["Sample Name", "Type", "Rjct", "Vial Number", "Total Dil.", "Comment"]
    row = describe("S-1", vial="2101")
    measured = [f"{re.sub('[^0-9]', '', name)}.{FOUR.index(title) + 1}" for name in groups for title in columns[name]]
    export = try_parse(
        make_workbook(batch_rows(columns, [([row[place] for place in order], measured)], [describing[place] for place in order]))
    )
    assert export is not None
    quantities = ["concentration", "concentration_rsd", "counts", "counts_rsd"]
    for reading in export.readings:
        assert reading.raw == f"{reading.isotope_or_line}.{quantities.index(reading.quantity) + 1}"
        assert reading.sample == "S-1"


@slow
@given(st.permutations(range(16)))
def test_columns_moved_without_their_headings_are_refused_or_stay_with_their_titles(order: list[int]) -> None:
    rows = [[row[place] if place < len(row) else None for place in order] for row in ROWS]
    export = try_parse(make_workbook(rows))
    if export is not None:
        titles = dict(zip(("concentration", "concentration_rsd", "counts", "counts_rsd"), FOUR, strict=True))
        for reading in export.readings:
            column = ord(str(reading.column)) - ord("A")
            assert rows[1][column] == titles[reading.quantity]
            assert rows[reading.row - 1][column] == reading.raw


numbers = st.decimals(min_value=Decimal("-1e9"), max_value=Decimal("1e15"), allow_nan=False, allow_infinity=False, places=4).filter(
    lambda value: len(value.normalize().as_tuple().digits) <= 15
)
values = st.one_of(st.none(), numbers, st.sampled_from(["<0.000", "N/A", "OR", "<0.05"]))
labels = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"], exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=30,
)


@slow
@given(st.lists(st.tuples(labels, st.lists(values, min_size=60, max_size=60)), min_size=1, max_size=4))
def test_what_the_writer_writes_the_parser_reads(written: list[tuple[str, list[Any]]]) -> None:
    rows = []
    for label, cells in written:
        quads = zip(*[iter(cells)] * 4, strict=True)
        rows.append(
            BatchRow(label, "Sample", {analyte.symbol: BatchValues(*quad) for analyte, quad in zip(REE_ANALYTES, quads, strict=True)})
        )
    data = write_batch_table(rows)
    expected = {
        (place + 3, index): value for place, (_, cells) in enumerate(written) for index, value in enumerate(cells) if value is not None
    }
    export = try_parse(data)
    if export is None:
        assert not expected or any(label.casefold() == "sample name" for label, _ in written)
        return
    assert [row.label for row in export.rows] == [label for label, _ in written]
    columns = {analyte.symbol: place * 4 for place, analyte in enumerate(REE_ANALYTES)}
    quantities = ["concentration", "concentration_rsd", "counts", "counts_rsd"]
    read = {(reading.row, columns[reading.analyte] + quantities.index(reading.quantity)): reading for reading in export.readings}
    assert read.keys() == expected.keys()
    for place, value in expected.items():
        assert read[place].value == value if isinstance(value, Decimal) else read[place].raw == value
