"""A real MassHunter export through the web form and through the API: every stored cell equals its cell, and its run ends blocked.

The sheet is read here a second time, straight from its XML, so that the product's own reader proves nothing about itself.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from xml.etree import ElementTree

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from assays.instruments.models import Reading, Upload
from assays.models import Run
from tests.assays.instruments.parsers.files import shared_file
from tests.factories.bench import make_instrument, make_planned_run
from tests.factories.browsing import sign_in, text_of
from tests.factories.callers import Caller, InstrumentCaller
from tests.factories.measurement import make_instrument_token
from tests.factories.people import PASSWORD, Cast

pytestmark = pytest.mark.django_db

NAME = "agilent_masshunter_conc_cps_4col_per_analyte_anonymised.xlsx"
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"

Door = Callable[[Cast, Run, bytes], Upload]


def read_sheet(data: bytes) -> dict[str, str]:
    """Every cell that is not empty, by its reference, with the text its XML holds."""
    with zipfile.ZipFile(SimpleUploadedFile("x", data)) as archive:
        shared = [
            "".join(part.text or "" for part in item.iter(f"{_MAIN}t"))
            for item in ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))  # noqa: S314  # a file from the shared folder
        ]
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))  # noqa: S314
    cells = {}
    for cell in sheet.iter(f"{_MAIN}c"):
        value = cell.find(f"{_MAIN}v")
        if value is not None and value.text is not None:
            cells[cell.attrib["r"]] = shared[int(value.text)] if cell.get("t") == "s" else value.text
    return cells


def as_number(text: str) -> Decimal | None:
    """The number a cell's text says, with the bound of `<0.000` as its number."""
    try:
        return Decimal(text.removeprefix("<"))
    except InvalidOperation:
        return None


def through_the_form(cast: Cast, run: Run, data: bytes) -> Upload:
    file = SimpleUploadedFile(NAME, data)
    answer = sign_in(cast.analyst).post("/uploads/new/", {"instrument": run.instrument.code, "run": run.code, "file": file}, follow=True)
    assert answer.status_code == 200, text_of(answer)
    return Upload.objects.get(instrument=run.instrument)


def through_the_api(cast: Cast, run: Run, data: bytes) -> Upload:
    answer = InstrumentCaller(make_instrument_token(cast, run.instrument)).send_form(data, NAME, run=run.code)
    assert answer.status_code == 201, answer.content
    return Upload.objects.get(pk=answer.json()["id"])


@pytest.fixture
def real_bytes() -> bytes:
    return shared_file(NAME).read_bytes()


@pytest.mark.parametrize("door", [through_the_form, through_the_api])
def test_every_stored_reading_equals_its_cell(cast: Cast, real_bytes: bytes, door: Door) -> None:
    upload = door(cast, make_planned_run(cast, 2), real_bytes)
    cells = read_sheet(real_bytes)
    stored = {f"{one.column}{one.source_row}": one for one in Reading.objects.filter(row__upload=upload)}
    measured = {
        reference: text
        for reference, text in cells.items()
        if (found := re.fullmatch(r"([A-Z]+)(\d+)", reference)) and _is_measured(*found.groups())
    }
    assert len(stored) == 5704
    assert set(stored) == set(measured)
    for reference, reading in stored.items():
        assert reading.raw == measured[reference], reference
        assert reading.value == as_number(measured[reference]), reference
    dysprosium = [one for one in stored.values() if (one.analyte, one.isotope, one.quantity) == ("Dy", "163", "concentration")]
    assert len(dysprosium) == 25
    assert {one.unit for one in dysprosium} == {"ppb"}


def _is_measured(column: str, row: str) -> bool:
    """Beyond the six describing columns and the two heading rows."""
    return (len(column), column) > (1, "F") and int(row) > 2


@pytest.mark.parametrize("door", [through_the_form, through_the_api])
def test_blanks_are_no_samples_and_strangers_are_parked(cast: Cast, real_bytes: bytes, door: Door) -> None:
    run = make_planned_run(cast, 2)
    upload = door(cast, run, real_bytes)
    assert upload.state == "waiting"
    assert list(upload.rows.filter(label="BLANK").values_list("kind", "outcome")) == [("blank", "calibration")]
    assert set(upload.rows.exclude(label="BLANK").values_list("kind", "outcome")) == {("sample", "parked")}
    run.refresh_from_db()
    assert run.state == "planned"


@pytest.mark.parametrize("door", [through_the_form, through_the_api])
def test_its_run_ends_blocked_naming_reference_material_terbium_and_lutetium(cast: Cast, real_bytes: bytes, door: Door) -> None:
    run = make_planned_run(cast, 2)
    upload = door(cast, run, real_bytes)
    analyst, address = Caller(cast.analyst), f"/instruments/me/uploads/{upload.pk}"
    numbers = dict(run.positions.values_list("kind", "number"))
    samples = list(run.positions.filter(kind="sample").values_list("number", flat=True))
    rows = list(upload.rows.filter(outcome="parked").order_by("index").values_list("index", flat=True))
    blank = upload.rows.get(label="BLANK").index

    refused = analyst.post(f"{address}/rows/{blank}/assign/", {"position": samples[0]})
    assert (refused.status_code, refused.json()["code"]) == (422, "not_a_sample")
    assignments = {str(blank): numbers["blank"], str(rows[0]): samples[0], str(rows[1]): samples[1]}
    confirmed = analyst.post(f"{address}/confirm/", {"assignments": assignments})
    assert confirmed.status_code == 200, confirmed.content
    analyst.post(f"{address}/ignore/", {"reason": "another project's samples"})

    told = analyst.get(f"/runs/{run.code}/qc/").json()
    assert (told["state"], told["outcome"]) == ("blocked", "blocked")
    named = {(one["code"], one["kind"], one["analyte"]) for one in told["blockers"]}
    assert {
        ("control_missing", "reference_material", ""),
        ("control_missing", "pulp_duplicate", ""),
        ("analyte_not_read", "", "Tb"),
        ("analyte_not_read", "", "Lu"),
    } <= named
    page = text_of(sign_in(cast.reviewer).get(f"/runs/{run.code}/"))
    for words in ("No reference material was measured", "Tb: no reading in any position.", "Lu: no reading in any position."):
        assert words in page
        assert words in told["verdict"]
    assert Caller(cast.reviewer).post(f"/runs/{run.code}/review/", {"decision": "approve", "password": PASSWORD}).status_code == 409
    # The instrument applied a dilution near ten where the aliquots have twenty: nothing is computed from it, and the run says so.
    assert "dilution_differs" in {one["code"] for one in told["blockers"]}
    assert upload.rows.filter(outcome="ignored").count() == len(rows) - 2


def test_the_same_bytes_through_both_doors_are_one_upload(cast: Cast, real_bytes: bytes) -> None:
    run = make_planned_run(cast, 2)
    first = through_the_form(cast, run, real_bytes)
    answer = InstrumentCaller(make_instrument_token(cast, run.instrument)).send_raw(real_bytes)
    assert (answer.status_code, answer.json()["id"]) == (200, str(first.pk))
    other = InstrumentCaller(make_instrument_token(cast, make_instrument(cast, "ICPMS-2"))).send_raw(real_bytes)
    assert other.status_code == 201
    assert Upload.objects.count() == 2
