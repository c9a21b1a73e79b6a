"""What people and attackers send instead of an export: refused with a place and a remedy, in little memory and time."""

from __future__ import annotations

import io
import random
import time
import tracemalloc
import zipfile

import pytest

from assays.instruments.parsers import workbook
from assays.instruments.parsers.model import ParseError
from assays.instruments.parsers.registry import parse
from tests.assays.instruments.parsers.files import batch_rows, describe, make_text, make_workbook, number, pack, workbook_parts

ROWS = batch_rows({"163  Dy  [ He ] ": ["Conc. [ ppb ]", "CPS"]}, [(describe("S-1"), ["12.5", 1000]), (describe("S-2"), ["13.25", 1100])])
GOOD = make_workbook(ROWS)


def refuse(data: bytes) -> ParseError:
    with pytest.raises(ParseError) as refusal:
        parse("hostile", data)
    assert refusal.value.code != "unforeseen"
    assert refusal.value.message.endswith(".")
    return refusal.value


def spoil(**changes: str | bytes) -> bytes:
    """The good workbook with parts replaced: `sheet`, `strings`, `book` and `styles` stand for their paths, others are added as named."""
    paths = {"sheet": "xl/worksheets/sheet1.xml", "strings": "xl/sharedStrings.xml", "book": "xl/workbook.xml", "styles": "xl/styles.xml"}
    parts: dict[str, str | bytes] = dict(workbook_parts({"Sheet1": ROWS}))
    parts.update({paths.get(name, name): content for name, content in changes.items()})
    return pack(parts)


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (b"", "empty", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), "not_an_export", "PNG image"),
        (b"\xff\xd8\xff\xe0" + bytes(500), "not_an_export", "JPEG image"),
        (b"BM" + bytes(500), "not_an_export", "BMP image"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(100), "not_an_export", "photo"),
        (b"%PDF-1.7\n", "not_an_export", "PDF document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "not_an_export", "old Excel"),
        (b"  <html><table><tr><td>Sample Name</td></tr></table></html>", "not_an_export", "web page"),
        (b"<!DOCTYPE html><p>", "not_an_export", "web page"),
        (b"<?xml version='1.0'?><Workbook/>", "not_an_export", "web page or XML"),
        (b"\x1f\x8b\x08" + bytes(50), "not_an_export", "gzip"),
        (b"hello", "unknown_format", "no export known"),
        (b"a,b\r\n1,2\r\n", "unknown_format", "no export known"),
        (b"PK\x03\x04" + bytes(100), "workbook_damaged", "damaged"),
        (b"BM-1,2\r\n", "unknown_format", "no export known"),
        (b"a\x00,\x00b\x00", "not_text", "UTF-16"),
        (b"\xff\xfea", "not_text", "breaks off"),
        (b"\x81\x8d,\r\n", "not_text", "no text"),
        (b"[1, 2]", "unknown_format", "no export known"),
    ],
)
def test_what_is_no_export_is_named_and_refused(data: bytes, code: str, said: str) -> None:
    refusal = refuse(data)
    assert refusal.code == code
    assert said in refusal.message


def test_five_megabytes_of_garbage_are_refused_at_once() -> None:
    garbage = random.Random(7).randbytes(5 * 1024**2)
    begun = time.perf_counter()
    assert refuse(garbage).place.line is not None
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize("filler", [b"a", b",", b"\n", b",\n", b"a,b;c\td\n", b'"', b"{", b" "])
def test_five_megabytes_of_one_pattern_are_refused_in_little_time_and_memory(filler: bytes) -> None:
    data = filler * (5 * 1024**2 // len(filler))
    tracemalloc.start()
    begun = time.perf_counter()
    refuse(data)
    took, (_, peak) = time.perf_counter() - begun, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert took < 10
    assert peak < 150 * 1024**2


def test_file_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assays.instruments.parsers.source.MOST_BYTES", 100)
    refusal = refuse(GOOD)
    assert (refusal.code, refusal.kind) == ("too_large", "too_large")


@pytest.mark.parametrize("keep", [10, 50, 90, 99])
def test_truncated_workbook_is_refused(keep: int) -> None:
    assert refuse(GOOD[: len(GOOD) * keep // 100]).code == "workbook_damaged"


def test_zip_that_is_no_workbook_is_refused() -> None:
    assert refuse(pack({"word/document.xml": "<w/>"})).code == "not_a_workbook"


def test_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = spoil(sheet=b"<worksheet><sheetData>" + b" " * (300 * 1024**2))
    tracemalloc.start()
    refusal = refuse(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refusal.code == "zip_bomb"
    assert peak < 20 * 1024**2


def test_workbook_that_unpacks_to_too_much_in_all_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_UNPACKED", 1000)
    assert refuse(GOOD).code == "too_large"


def test_declared_size_that_lies_does_not_let_more_through() -> None:
    honest = spoil(sheet=b"<worksheet><sheetData>" + b" " * (8 * 1024**2) + b"</sheetData></worksheet>")
    with zipfile.ZipFile(io.BytesIO(honest)) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    lying = honest.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lying != honest
    assert refuse(lying).code == "workbook_damaged"


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
)
@pytest.mark.parametrize("part", ["sheet", "strings", "book", "styles"])
def test_document_type_is_refused_in_every_part(declaration: str, part: str) -> None:
    parts = workbook_parts({"Sheet1": ROWS}) | {"xl/sharedStrings.xml": "<sst/>"}
    path = {"sheet": "xl/worksheets/sheet1.xml", "strings": "xl/sharedStrings.xml", "book": "xl/workbook.xml", "styles": "xl/styles.xml"}[
        part
    ]
    parts[path] = declaration + parts[path]
    assert refuse(pack(parts)).code == "document_type"


@pytest.mark.parametrize("part", ["xl/vbaProject.bin", "xl/VBAPROJECT.BIN", "xl/macrosheets/sheet1.xml"])
def test_macros_are_refused(part: str) -> None:
    assert refuse(spoil(**{part: b"\xd0\xcf"})).code == "has_macros"


def test_encrypted_part_is_refused() -> None:
    data = bytearray(GOOD)
    start = 0
    while (start := data.find(b"PK\x01\x02", start + 1)) > 0:
        data[start + 8] |= 1
    assert refuse(bytes(data)).code == "encrypted"


@pytest.mark.parametrize(
    "changes",
    [
        {"sheet": "<worksheet><sheetData><row r='1'><c r='A1'"},
        {"sheet": "<worksheet><sheetData><row r='x'></row></sheetData></worksheet>"},
        {"sheet": "<worksheet><sheetData><row r='2'/><row r='1'/></sheetData></worksheet>"},
        {"sheet": "<worksheet><sheetData><row r='1'/><row r='1'/></sheetData></worksheet>"},
        {"sheet": "<worksheet><sheetData><row r='1'><c r='B1'/><c r='A1'/></row></sheetData></worksheet>"},
        {"sheet": "<worksheet><sheetData><row r='1'><c r='A1'/><c r='A1'/></row></sheetData></worksheet>"},
        {"sheet": "<worksheet><sheetData><row r='1'><c r='A2'/></row></sheetData></worksheet>"},
        {"sheet": "<worksheet><sheetData><row r='1'><c r='A1'><v>1</v><v>2</v></c></row></sheetData></worksheet>"},
        {"sheet": "<worksheet><sheetData><row r='1'><c r='A1'><v>1</v><is><t>2</t></is></c></row></sheetData></worksheet>"},
        {"sheet": "<?xml version='1.0' encoding='UT'?><worksheet/>"},
        {"sheet": "<worksheet><sheetData><row r='1'><c r='XFE1'/></row></sheetData></worksheet>"},
        {"sheet": "<worksheet><sheetData><row r='1048577'/></sheetData></worksheet>"},
        {"sheet": "<worksheet><sheetData><row r='1'><c r='A1' t='s'><v>5</v></c></row></sheetData></worksheet>"},
        {"sheet": "<worksheet><sheetData><row r='1'><c r='A1' t='s'><v>x</v></c></row></sheetData></worksheet>"},
        {"sheet": "<worksheet><sheetData><row r='1'><c r='A1' s='x'><v>1</v></c></row></sheetData></worksheet>"},
        {"sheet": "<worksheet><sheetData><row r='1'><c r='A1' s='1'><v>x</v></c></row></sheetData></worksheet>"},
        {"sheet": b"\x00\x01\x02"},
        {"sheet": "<worksheet>&nosuch;</worksheet>"},
        {"book": "<workbook/>"},
        {"book": "<workbook><sheets><sheet name='a' r:id='rId7'/></sheets></workbook>"},
        {"book": "<workbook><sheets><sheet name='a' r:id='rId1'/><sheet name='b' r:id='rId1'/></sheets></workbook>"},
        {"book": "x"},
        {"strings": "<sst><si>"},
        {"styles": "<styleSheet><cellXfs><xf numFmtId='x'/></cellXfs></styleSheet>"},
        {"xl/_rels/workbook.xml.rels": "<x>"},
    ],
)
def test_damaged_parts_are_refused(changes: dict[str, str | bytes]) -> None:
    assert refuse(spoil(**changes)).code == "workbook_damaged"


def test_part_that_comes_twice_is_refused() -> None:
    target = io.BytesIO(GOOD)
    with zipfile.ZipFile(target, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("xl/worksheets/sheet1.xml", "<worksheet/>")
    assert refuse(target.getvalue()).code == "workbook_damaged"


def test_flipped_bit_in_a_packed_number_is_caught_by_the_checksum() -> None:
    stored = pack(workbook_parts({"Sheet1": ROWS}), zipfile.ZIP_STORED)
    assert stored.count(b"12.5") == 1
    assert refuse(stored.replace(b"12.5", b"12.6")).code == "workbook_damaged"


@pytest.mark.parametrize("escaped", ["_x0000_", "_x0007_", "_xD800_"])
def test_control_characters_and_half_characters_are_refused_with_their_cell(escaped: str) -> None:
    rows = batch_rows({"163  Dy  [ He ] ": ["CPS"]}, [(describe(f"S{escaped}1"), [1])])
    refusal = refuse(make_workbook(rows))
    assert (refusal.code, refusal.place.row, refusal.place.column) == ("control_character", 3, "A")


def test_nul_in_a_text_file_is_refused_with_its_cell() -> None:
    data = make_text(ROWS).encode().replace(b"12.5", b"12\x005")
    refusal = refuse(data)
    assert (refusal.code, refusal.place.row, refusal.place.column) == ("control_character", 3, "G")


def test_text_longer_than_a_cell_is_refused() -> None:
    rows = batch_rows({"163  Dy  [ He ] ": ["CPS"]}, [(describe("S" * 40_000), [1])])
    assert refuse(make_workbook(rows)).code == "text_too_long"
    assert refuse(make_text(rows).encode()).code == "text_too_long"


@pytest.mark.parametrize("cut", [5, 8, 20, 60])
def test_text_cut_off_inside_its_last_line_is_refused(cut: int) -> None:
    whole = make_text(ROWS).encode().rstrip(b"\r\n")
    assert refuse(whole[: len(whole) - cut + 1]).code in {"cut_off", "no_readings"}


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_last_field_of_a_text_without_a_last_line_break_is_never_a_number(cut: int) -> None:
    whole = make_text(ROWS).encode()
    text = whole.rstrip(b"\r\n")
    export = parse("x.csv", text[: len(text) - cut])
    *before, last = parse("x.csv", whole).readings
    assert list(export.readings[:-1]) == before
    assert last.value is not None
    assert (export.readings[-1].value, export.readings[-1].qualifier) == (None, "?")
    assert last.raw.startswith(export.readings[-1].raw)
    assert [note.code for note in export.notes] == ["value_unread"]


@pytest.mark.parametrize("last", [b"N/A", b"OR", b'"0.5"'])
def test_text_without_a_last_line_break_is_read_where_no_number_can_be_cut(last: bytes) -> None:
    rows = batch_rows({"163  Dy  [ He ] ": ["CPS", "CPS RSD"]}, [(describe("S-1"), ["12.5", "LAST"])])
    assert parse("x.csv", make_text(rows).encode().rstrip(b"\r\n").replace(b"LAST", last)).readings[0].raw == "12.5"


def test_open_quotation_mark_is_refused_with_its_line() -> None:
    data = make_text(ROWS).replace("S-2", '"S-2').encode()
    refusal = refuse(data)
    assert (refusal.code, refusal.place.row) == ("broken_line", 4)


def test_many_notes_are_cut_short() -> None:
    rows = batch_rows({"163  Dy  [ He ] ": ["CPS"]}, [(describe("S"), ["?"]) for _ in range(700)])
    notes = parse("x.xlsx", make_workbook(rows)).notes
    assert len(notes) == 501
    assert notes[-1].code == "more_notes"


def test_too_many_readings_are_refused_while_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assays.instruments.parsers.registry.MOST_READINGS", 3)
    refusal = refuse(make_workbook(ROWS))
    assert (refusal.code, refusal.place.row) == ("too_large", 4)


def test_wide_header_does_not_take_quadratic_time() -> None:
    def cpu_seconds(width: int) -> float:
        groups = {f"{mass % 240 + 1}  Dy  [ {mass} ] ": ["CPS"] for mass in range(width)}
        workbook = make_workbook(batch_rows(groups, [(describe("S"), [number("1")] * width)]))
        begun = time.process_time()
        assert len(parse("x.xlsx", workbook).readings) == width
        return time.process_time() - begun

    # Eight times the columns would take 64 times as long.
    assert cpu_seconds(8000) < 30 * min(cpu_seconds(1000) for _ in range(3))
