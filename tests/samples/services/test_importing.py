"""Importing a file: a preview with every problem in its row, then all or nothing."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook

from lims.core.errors import Blocked, Forbidden, Invalid
from samples.models import Mine, Sample, SampleImport
from samples.services.importing import commit_import, discard_import, preview_import, recheck_import
from samples.services.sheet_cells import COLUMNS, read_row
from samples.sheet_template import draw_template
from samples.sheets import Cell, Row
from tests.factories.people import Cast
from tests.factories.samples import make_mine, make_samples

HEADER = "field_id,mine,material,method,collected_at,mass_g,container,seal_number,depth_from_m,depth_to_m"
GOOD = "F-{0},PW1,clay,channel,2026-03-02 09:1{0},2140.5,poly bag,K-{0},1.2,1.8"


def sheet(*lines: str) -> bytes:
    return "\n".join([HEADER, *lines]).encode()


def preview(cast: Cast, *lines: str) -> SampleImport:
    return preview_import(file_name="field.csv", data=sheet(*lines), by=cast.collector)


def problems(found: SampleImport) -> list[tuple[int, str, str]]:
    return [(one["row"], one["column"], one["code"]) for one in found.problems]


def test_right_file_is_shown_and_committed_whole(cast: Cast) -> None:
    make_mine()
    found = preview(cast, GOOD.format(1), GOOD.format(2))
    assert (problems(found), found.state, Sample.objects.count()) == ([], "preview", 0)
    samples = commit_import(sample_import=found, by=cast.collector)
    assert [sample.field_id for sample in samples] == ["F-1", "F-2"]
    # 09:11 in Yangon is 02:41 in UTC.
    assert Sample.objects.get(field_id="F-1").collected_at == datetime(2026, 3, 2, 2, 41, tzinfo=UTC)
    found.refresh_from_db()
    assert (found.state, [row["code"] for row in found.rows]) == ("committed", [sample.code for sample in samples])


def test_every_problem_is_shown_in_its_row_and_nothing_can_be_committed(cast: Cast) -> None:
    make_samples(cast, 1, seal_number="K-9")
    found = preview(
        cast,
        GOOD.format(1),
        "F-2,Atlantis,clay,channel,2026-03-02 09:15,-3,poly bag,,,",
        'F-3,PW1,gold,channel,02/03/2026 09:15,"1,234",poly bag,,,',
        "F-1,PW1,clay,channel,2026-03-02,2 kg,,K-9,,",
        "3-Jan,PW1,clay,channel,2999-03-02 09:15,5,poly bag,1.2E+15,,",
    )
    assert sorted(problems(found)) == sorted(
        [
            (3, "mine", "unknown_mine"),
            (3, "mass_g", "mass_not_positive"),
            (4, "collected_at", "not_a_moment"),
            (4, "mass_g", "ambiguous_number"),
            (5, "container", "missing"),
            (5, "collected_at", "time_missing"),
            (5, "mass_g", "not_a_number"),
            (5, "seal_number", "duplicate_seal"),
            (2, "field_id", "duplicate_field_id"),
            (5, "field_id", "duplicate_field_id"),
            (4, "material", "unknown_choice"),
            (6, "field_id", "id_eaten"),
            (6, "seal_number", "id_eaten"),
            (6, "collected_at", "future_time"),
        ]
    )
    with pytest.raises(Blocked) as refusal:
        commit_import(sample_import=found, by=cast.collector)
    assert refusal.value.code == "has_problems"
    assert Sample.objects.count() == 1


def test_missing_mine_recorded_meanwhile_is_noticed(cast: Cast) -> None:
    found = preview(cast, GOOD.format(1))
    assert problems(found) == [(2, "mine", "unknown_mine")]
    make_mine()
    found = recheck_import(sample_import=found, by=cast.collector)
    assert problems(found) == []
    assert len(commit_import(sample_import=found, by=cast.collector)) == 1


def test_seal_used_meanwhile_stops_the_commit_and_shows_where(cast: Cast) -> None:
    make_mine()
    found = preview(cast, GOOD.format(1), GOOD.format(2))
    make_samples(cast, 1, seal_number="K-2")
    with pytest.raises(Invalid):
        commit_import(sample_import=found, by=cast.collector)
    found.refresh_from_db()
    assert (found.state, problems(found), Sample.objects.count()) == ("preview", [(3, "seal_number", "duplicate_seal")], 1)


def test_same_file_is_committed_once(cast: Cast) -> None:
    make_mine()
    line = ",PW1,clay,channel,2026-03-02 09:15,5,poly bag,,,"
    commit_import(sample_import=preview(cast, line), by=cast.collector)
    again = preview(cast, line)
    with pytest.raises(Blocked) as refusal:
        commit_import(sample_import=again, by=cast.collector)
    assert (refusal.value.code, Sample.objects.count()) == ("same_file", 1)


def test_decided_import_stays_decided(cast: Cast) -> None:
    make_mine()
    found = discard_import(sample_import=preview(cast, GOOD.format(1)), by=cast.collector)
    for decide in (commit_import, discard_import, recheck_import):
        with pytest.raises(Blocked) as refusal:
            decide(sample_import=found, by=cast.collector)  # type: ignore[operator]
        assert refusal.value.code == "decided_already"
    assert not Sample.objects.exists()


def test_duplicate_may_name_its_original_in_the_same_file(cast: Cast) -> None:
    make_mine()
    data = "\n".join(
        [
            "field_id,duplicate_of,mine,material,method,collected_at,mass_g,container",
            "F-2,F-1,PW1,clay,channel,2026-03-02 09:15,5,bag",
            "F-1,,PW1,clay,channel,2026-03-02 09:15,5,bag",
        ]
    ).encode()
    found = preview_import(file_name="x.csv", data=data, by=cast.collector)
    duplicate, original = commit_import(sample_import=found, by=cast.collector)
    assert duplicate.parent_id == original.pk


def test_imports_belong_to_a_firm_and_to_collectors(cast: Cast) -> None:
    make_mine()
    found = preview(cast, GOOD.format(1))
    assert list(SampleImport.objects.visible_to(cast.collector)) == [found]
    for viewer in (cast.outsiders["collector"], cast.official, cast.receptionist):
        assert not SampleImport.objects.visible_to(viewer).exists()
    with pytest.raises(Forbidden):
        preview_import(file_name="x.csv", data=sheet(GOOD.format(1)), by=cast.official)


def test_file_that_cannot_be_read_leaves_nothing_behind(cast: Cast) -> None:
    with pytest.raises(Invalid):
        preview_import(file_name="x.png", data=b"\x89PNG\r\n", by=cast.collector)
    assert not SampleImport.objects.exists()


# --- What a spreadsheet does to cells -------------------------------------------------------------------------------------------------


def read(**cells: Any) -> Any:
    good = {"mine": "PW1", "material": "clay", "method": "channel", "collected_at": "2026-03-02 09:15", "mass_g": "5", "container": "bag"}
    return read_row(Row(2, {name: value if isinstance(value, Cell) else Cell(value) for name, value in (good | cells).items()}))


@pytest.mark.parametrize(
    ("cell", "mass"),
    [
        (2140.5, "2140.5"),
        (0.1 + 0.2, "0.3"),
        (5, "5"),
        ("2140,5", "2140.5"),
        ("0,250", "0.250"),
        ("၁၂.၅", "12.5"),
        ("१२", "12"),
    ],
)
def test_numbers_are_understood(cell: Any, mass: str) -> None:
    assert read(mass_g=cell).record.mass_g == Decimal(mass)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1,234", "ambiguous_number"),
        ("1.234,5", "not_a_number"),
        ("2 140", "not_a_number"),
        ("2.5 kg", "not_a_number"),
        ("1E3", "not_a_number"),
        ("", "not_a_number"),
        (True, "not_a_number"),
        (datetime(2026, 1, 5), "not_a_number"),  # noqa: DTZ001
        (Cell("#REF!", is_error=True), "formula"),
    ],
)
def test_numbers_that_mean_two_things_or_none_are_refused(cell: Any, code: str) -> None:
    assert [problem.code for problem in read(mass_g=cell).problems] == [code]


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-03-02 09:15", "2026-03-02T02:45:00+00:00"),
        ("2026-03-02T09:15:30+06:30", "2026-03-02T02:45:30+00:00"),
        ("2026-03-02 02:45Z", "2026-03-02T02:45:00+00:00"),
        (datetime(2026, 3, 2, 9, 15), "2026-03-02T02:45:00+00:00"),  # noqa: DTZ001
    ],
)
def test_moments_are_placed_in_their_zone(cell: Any, moment: str) -> None:
    assert read(collected_at=cell).record.collected_at.astimezone(UTC).isoformat() == moment


def test_moments_follow_the_zone_column() -> None:
    record = read(collected_zone="Asia/Kolkata").record
    assert record.collected_at.astimezone(UTC).isoformat() == "2026-03-02T03:45:00+00:00"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("2026-03-02", "time_missing"),
        (Cell(datetime(2026, 3, 2), shows_time=False), "time_missing"),  # noqa: DTZ001
        ("02/03/2026 09:15", "not_a_moment"),
        ("2 March 2026", "not_a_moment"),
        ("2026-02-30 09:15", "not_a_moment"),
        (46083.385, "not_a_moment"),
        ("46083.385", "not_a_moment"),
    ],
)
def test_moments_that_are_unclear_are_refused(cell: Any, code: str) -> None:
    assert [problem.code for problem in read(collected_at=cell).problems] == [code]


@pytest.mark.parametrize(("cell", "text"), [(1042, "1042"), (1042.0, "1042"), ("0042", "0042"), ("PW1-0042", "PW1-0042"), ("12E", "12E")])
def test_ids_stay_as_they_were_typed(cell: Any, text: str) -> None:
    assert read(field_id=cell).record.field_id == text


@pytest.mark.parametrize("cell", [1.2e15, 12.5, -3, True, datetime(2026, 1, 3), "1.20E+15", "3-Jan", "Jan-26"])  # noqa: DTZ001
def test_ids_a_spreadsheet_has_eaten_are_noticed(cell: Any) -> None:
    assert [problem.code for problem in read(field_id=cell).problems] == ["id_eaten"]


def test_words_of_the_lists_are_understood_too() -> None:
    record = read(material="Ion-Adsorption Clay", method="Drill core").record
    assert (record.material, record.method) == ("clay", "core")


def test_template_is_read_back_by_the_importer(cast: Cast) -> None:
    make_mine()
    data = draw_template(Mine.objects.all())
    book = load_workbook(io.BytesIO(data))
    assert [cell.value for cell in book["samples"][1]] == list(COLUMNS)
    assert book["mines"]["A2"].value == "PW1"
    assert book["samples"].column_dimensions["E"] is not None
    page = book["samples"]
    example = {row[0].value: row[3].value for row in book["notes"].iter_rows(min_row=2)}
    skipped = {"visit", "duplicate_of"}
    for index, name in enumerate(COLUMNS, start=1):
        if name not in skipped:
            page.cell(2, index, example[name])
    out = io.BytesIO()
    book.save(out)
    found = preview_import(file_name="template.xlsx", data=out.getvalue(), by=cast.collector)
    assert problems(found) == []
    (sample,) = commit_import(sample_import=found, by=cast.collector)
    assert (sample.seal_number, sample.depth_to_m) == ("SEAL-004211", Decimal("1.8"))
