"""What holds for every format that is a text: one parser alone takes it, and damage gives a refusal or the right numbers."""

from __future__ import annotations

import csv
import tracemalloc
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assays.instruments.parsers.model import ParsedExport, ParsedReading, ParseError
from assays.instruments.parsers.registry import PARSERS, parse, read
from assays.instruments.parsers.source import open_source
from assays.instruments.parsers.tables import index_column
from tests.assays.instruments.parsers.files import SHARED, make_workbook, number
from tests.assays.instruments.parsers.small_exports import BY_FORMAT

EXPORTS = {name: text.encode() for name, text in BY_FORMAT.items()}
every = pytest.mark.parametrize("fmt", EXPORTS)
quick = settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


def try_parse(data: bytes) -> ParsedExport | None:
    """The export, or none where it was refused with a sentence."""
    try:
        return parse("S-1.csv", data)
    except ParseError as error:
        refusal = error
    assert refusal.code != "unforeseen", refusal.__cause__
    assert refusal.message.endswith(".")
    return None


def facts(reading: ParsedReading) -> tuple[Any, ...]:
    place = (reading.row, reading.column, reading.raw, reading.value, reading.qualifier, reading.unit)
    return (reading.sample, reading.type, reading.analyte, reading.isotope_or_line, reading.quantity, *place)


def hold_together(export: ParsedExport) -> None:
    """Every reading belongs to the row it names, and has a number exactly where its qualifier says so."""
    for reading in export.readings:
        row = export.rows[reading.row_index]
        assert (reading.sample, reading.type) == (row.label, row.type)
        assert (reading.value is not None) == (reading.qualifier in {"", "<", ">"})
        assert reading.analyte
        assert len(reading.analyte) <= 12


@every
def test_export_is_read_by_its_own_format_alone(fmt: str) -> None:
    source = open_source("S-1.csv", EXPORTS[fmt])
    assert [parser.FORMAT for parser in PARSERS if parser.recognise(source)] == [fmt.split(" ")[0]]
    export = parse("S-1.csv", EXPORTS[fmt])
    assert export.format == fmt.split(" ")[0]
    hold_together(export)


def test_no_real_export_is_taken_by_two_formats() -> None:
    files = [path for path in sorted(SHARED.glob("*")) if path.suffix in {".csv", ".txt", ".xlsx"}]
    if not files:
        pytest.skip(f"No real exports in {SHARED}; set LIMS_SHARED_DATA to the folder that holds `instruments`.")
    for path in files:
        source = open_source(path.name, path.read_bytes())
        takers = [parser.FORMAT for parser in PARSERS if parser.recognise(source)]
        assert len(takers) <= 1, (path.name, takers)


@every
def test_cut_at_any_byte_it_is_refused_or_a_true_beginning(fmt: str) -> None:
    data = EXPORTS[fmt]
    right = [facts(reading) for reading in parse("S-1.csv", data).readings]
    for length in range(len(data)):
        export = try_parse(data[:length])
        if export is not None:
            read = [facts(reading) for reading in export.readings]
            if read and read[-1][9] == "?":  # the last field, kept as a text that may be cut
                assert right[len(read) - 1][7].startswith(read[-1][7])
                read[-1] = right[len(read) - 1]
            assert read == right[: len(read)], length
            assert len(read) == len(right) or right[len(read)][5] != read[-1][5], f"part of a line was taken at {length}"


@every
@quick
@given(st.data())
def test_changed_bytes_raise_nothing_else(fmt: str, data: st.DataObject) -> None:
    spoiled = bytearray(EXPORTS[fmt])
    for place, byte in data.draw(st.lists(st.tuples(st.integers(0, len(spoiled) - 1), st.integers(0, 255)), min_size=1, max_size=5)):
        spoiled[place] = byte
    export = try_parse(bytes(spoiled))
    if export is not None:
        hold_together(export)


@every
@quick
@given(st.data())
def test_lines_and_fields_in_any_order_raise_nothing_else(fmt: str, data: st.DataObject) -> None:
    lines = data.draw(st.permutations(EXPORTS[fmt].splitlines(keepends=True)))
    separator = max((b",", b";", b"\t", b"|"), key=EXPORTS[fmt].count)
    fields = data.draw(st.permutations(b"".join(lines).split(separator)))
    for spoiled in (b"".join(lines), separator.join(fields)):
        export = try_parse(spoiled)
        if export is not None:
            hold_together(export)


@every
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_other_encodings_give_the_same_readings(fmt: str, encoding: str) -> None:
    expected = parse("S-1.csv", EXPORTS[fmt]).readings
    assert parse("S-1.csv", BY_FORMAT[fmt].encode(encoding)).readings == expected


# Not messages, nor what no software writes as a workbook.
TABLES = [fmt for fmt in EXPORTS if not fmt.startswith("astm") and fmt != "shimadzu_icpe"]
tables = pytest.mark.parametrize("fmt", TABLES)


def split(fmt: str) -> list[list[str]]:
    """The export's fields, line by line."""
    separator = max(",;\t", key=BY_FORMAT[fmt].splitlines()[-1].count)
    return list(csv.reader(BY_FORMAT[fmt].splitlines(), delimiter=separator))


def find_measured(fmt: str) -> ParsedReading:
    """A reading with a plain number."""
    return next(one for one in parse("S-1.csv", EXPORTS[fmt]).readings if one.value is not None and not one.qualifier)


def with_cell(fmt: str, reading: ParsedReading, cell: str) -> bytes:
    """The export as a workbook in which the reading's cell is replaced."""
    rows = split(fmt)
    rows[reading.row - 1][index_column(reading.column or "")] = cell
    return make_workbook(rows)


# What a column without a title means, and which content one of several columns `Unit` belongs to, is said by their places alone.
SAID_BY_PLACE = {"agilent_icp_expert", "agilent_spectraa", "rigaku", "thermo_qtegra", "xrf_bead"}


@pytest.mark.parametrize("fmt", [fmt for fmt in TABLES if fmt.split(" ")[0] not in SAID_BY_PLACE])
@quick
@given(st.data())
def test_columns_moved_with_their_headings_keep_every_number_with_its_meaning(fmt: str, data: st.DataObject) -> None:
    rows = split(fmt)
    width = max(len(row) for row in rows)
    order = data.draw(st.permutations(range(width)))
    moved = [[row[place] if place < len(row) else "" for place in order] for row in rows]
    export = try_parse(make_workbook(moved))
    if export is not None:
        right = {(fact[:5], fact[5], *fact[7:]) for fact in map(facts, parse("S-1.csv", EXPORTS[fmt]).readings)}
        assert {(fact[:5], fact[5], *fact[7:]) for fact in map(facts, export.readings)} <= right


@tables
def test_workbook_with_the_same_cells_gives_the_same_readings(fmt: str) -> None:
    from_workbook = parse("S-1.xlsx", make_workbook(split(fmt))).readings
    assert [facts(reading) for reading in from_workbook] == [facts(reading) for reading in parse("S-1.csv", EXPORTS[fmt]).readings]
    assert {reading.sheet for reading in from_workbook} == {"Sheet1"}


@tables
def test_formula_in_place_of_a_number_is_refused_with_its_cell(fmt: str) -> None:
    reading = find_measured(fmt)
    with pytest.raises(ParseError) as refusal:
        parse("S-1.xlsx", with_cell(fmt, reading, "<c><f>SUM(A1:A2)</f><v>12.5</v></c>"))
    place = refusal.value.place
    assert (refusal.value.code, place.sheet, place.row, place.column) == ("formula", "Sheet1", reading.row, reading.column)


@tables
def test_number_that_became_a_date_is_no_number(fmt: str) -> None:
    reading = find_measured(fmt)
    export = parse("S-1.xlsx", with_cell(fmt, reading, number("45292.5", style=1)))
    [spoiled] = [one for one in export.readings if (one.row, one.column) == (reading.row, reading.column)]
    assert (spoiled.value, spoiled.qualifier) == (None, "?")
    assert ("value_unread", reading.row, reading.column) in {(note.code, note.place.row, note.place.column) for note in export.notes}


@every
def test_sample_that_became_a_date_is_kept_and_noted(fmt: str) -> None:
    name = "1-Mar.csv" if fmt == "bruker_spectraplus" else "S-1.csv"
    if fmt == "astm_e1394":
        pytest.skip("A changed frame has a wrong checksum.")
    export = parse(name, BY_FORMAT[fmt].replace("S-1", "1-Mar").encode())
    assert "1-Mar" in {row.label for row in export.rows}
    assert "label_mangled" in {note.code for note in export.notes}


@tables
def test_nul_in_any_line_is_refused_with_its_place(fmt: str) -> None:
    data = EXPORTS[fmt]
    places = [place for place, byte in enumerate(data) if byte in b"\r"]
    for place in places:
        with pytest.raises(ParseError) as refusal:
            parse("S-1.csv", data[:place] + b"\x00" + data[place:])
        assert refusal.value.code in {"control_character", "broken_line"}
        assert refusal.value.place.row is not None


def test_two_hundred_megabytes_of_nothing_behind_a_table_are_refused_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "sparse.csv"
    path.write_bytes(EXPORTS["olympus_vanta"])
    with path.open("r+b") as file:
        file.truncate(200 * 1024**2)
    tracemalloc.start()
    with pytest.raises(ParseError) as refusal:
        list(read(path.name, path).items)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refusal.value.code in {"too_wide", "control_character", "text_too_long"}
    assert peak < 32 * 1024**2


@every
def test_numbers_keep_every_digit(fmt: str) -> None:
    for reading in parse("S-1.csv", EXPORTS[fmt]).readings:
        if reading.value is not None and not reading.qualifier:
            digits = reading.raw.strip().split(" ")[0].strip("%[]").replace(",", ".")
            assert reading.value == Decimal(digits)
