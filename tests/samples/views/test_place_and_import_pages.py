"""The pages of imports, mines and visits."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from lims.core import clock
from samples.models import Mine, Pit, Sample, SampleImport, Visit
from samples.services.visiting import record_visit
from tests.factories.people import Cast
from tests.factories.pictures import picture
from tests.factories.samples import make_mine
from tests.samples.services.test_placing_and_visiting import visit_record
from tests.samples.views.test_sample_pages import login, text_of

GOOD = b"field_id,mine,material,method,collected_at,mass_g,container\nF-1,PW1,clay,channel,2026-03-02 09:15,5,bag\n"


def upload(client: Client, data: bytes, name: str = "field.csv") -> Any:
    return client.post("/samples/imports/", {"file": SimpleUploadedFile(name, data)})


def test_file_is_uploaded_looked_at_and_committed(cast: Cast) -> None:
    make_mine()
    client = login(cast.collector)
    page = upload(client, GOOD)["Location"]
    assert "Register 1 sample" in text_of(client.get(page))
    assert client.post(f"{page}commit/")["Location"] == page
    shown = text_of(client.get(page))
    assert Sample.objects.get().code in shown
    assert client.get(f"/samples/labels/?import={SampleImport.objects.get().pk}")["Content-Type"] == "application/pdf"
    assert "committed already" in text_of(client.post(f"{page}commit/", follow=True))
    assert Sample.objects.count() == 1


def test_problems_stand_in_their_rows_and_block_the_commit(cast: Cast) -> None:
    make_mine()
    client = login(cast.collector)
    page = upload(client, GOOD + b"F-2,Atlantis,clay,channel,02/03/2026,-5,bag\n")["Location"]
    shown = text_of(client.get(f"{page}?show=problems"))
    assert "There is no mine" in shown
    assert "could be read in several ways" in shown
    assert "F-1" not in shown
    assert "rows have problems" in text_of(client.post(f"{page}commit/", follow=True))
    assert client.post(f"{page}check/").status_code == 302
    assert client.post(f"{page}discard/").status_code == 302
    assert SampleImport.objects.get().state == "discarded"
    assert not Sample.objects.exists()


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n" + bytes(50), b"PK\x03\x04broken", b"field_id,colour\nx,y\n", b"x" * (5 * 2**20 + 1)])
def test_file_that_cannot_be_taken_is_refused_at_the_field(cast: Cast, data: bytes) -> None:
    assert "data-error-summary" in text_of(upload(login(cast.collector), data), status=422)
    assert not SampleImport.objects.exists()


def test_templates_are_downloaded(cast: Cast) -> None:
    make_mine()
    client = login(cast.collector)
    assert load_workbook(io.BytesIO(client.get("/samples/imports/template.xlsx").content))["mines"]["B2"].value == "Pangwa North"
    assert client.get("/samples/imports/template.csv").content.decode().startswith("\ufeffmine,")


def test_import_of_another_firm_is_not_found(cast: Cast) -> None:
    make_mine()
    page = upload(login(cast.collector), GOOD)["Location"]
    other = login(cast.outsiders["collector"])
    assert other.get(page).status_code == 404
    assert other.post(f"{page}commit/").status_code == 404
    assert "field.csv" not in text_of(other.get("/samples/imports/"))


# --- Mines ----------------------------------------------------------------------------------------------------------------------------


def test_mine_and_pit_are_recorded_found_and_corrected(cast: Cast) -> None:
    client = login(cast.collector)
    mine = {"code": "kp4", "name": "Kanpaikti East", "belt": "Momauk belt", "latitude": "25.1", "longitude": "98.2", "active": "on"}
    assert client.post("/mines/new/", mine)["Location"] == "/mines/KP4/"
    assert client.post("/mines/KP4/pits/new/", {"code": "t1", "kind": "trench"})["Location"] == "/mines/KP4/"
    assert "Kanpaikti East" in text_of(client.get("/mines/?q=momauk"))
    assert "No mine here" in text_of(client.get("/mines/?q=nowhere"))
    page = text_of(client.get("/mines/KP4/"))
    assert "T1" in page
    assert "25.100000" not in page
    assert "25.1" not in text_of(login(cast.administrator).get("/mines/KP4/"))
    assert "This field is required" in text_of(client.post("/mines/KP4/change/", mine | {"belt": "Chipwe belt"}), status=422)
    assert client.post("/mines/KP4/change/", mine | {"belt": "Chipwe belt", "reason": "map read again"}).status_code == 302
    assert client.post("/mines/KP4/pits/T1/change/", {"code": "T1", "kind": "pond", "reason": "seen again"}).status_code == 302
    assert (Mine.objects.get().belt, Pit.objects.get().kind) == ("Chipwe belt", "pond")


def test_wrong_mine_is_refused_at_its_field(cast: Cast) -> None:
    make_mine()
    client = login(cast.official)
    page = text_of(
        client.post("/mines/new/", {"code": "PW1", "name": "Another", "belt": "b", "latitude": "95", "longitude": "98"}), status=422
    )
    assert "already exists" in page
    assert "less than or equal to 90" in page
    assert Mine.objects.count() == 1


# --- Visits ---------------------------------------------------------------------------------------------------------------------------


def team(*members: tuple[Any, str]) -> dict[str, str]:
    rows = {f"team-{index}-organisation": str(house.pk) for index, (house, _) in enumerate(members)}
    names = {f"team-{index}-name": name for index, (_, name) in enumerate(members)}
    return {"team-TOTAL_FORMS": str(len(members)), "team-INITIAL_FORMS": "0", **rows, **names}


def test_visit_is_recorded_shown_photographed_and_corrected(cast: Cast) -> None:
    mine, today = make_mine(), clock.today()
    client = login(cast.collector)
    houses = cast.organisations
    typed = {
        "purpose": "Channel sampling",
        "starts_on": str(today - timedelta(days=3)),
        "ends_on": str(today),
        "mines": [str(mine.pk)],
        "permits": "District office, 12/2026",
        **team((houses["irel"], "A. Rao"), (houses["midwest"], "K. Iyer")),
    }
    page = client.post("/visits/new/", typed)["Location"]
    shown = text_of(client.get(page))
    for word in ("Channel sampling", "A. Rao", "Midwest Advanced Materials", "District office, 12/2026", "Pangwa North"):
        assert word in shown
    assert client.post(page, {"photo": SimpleUploadedFile("a.jpg", picture(), "image/jpeg"), "caption": "ridge"}).status_code == 302
    assert "ridge" in text_of(client.get(page))
    assert "not a photograph" in text_of(client.post(page, {"photo": SimpleUploadedFile("a.jpg", b"no", "image/jpeg")}), status=422)
    changed = typed | {"purpose": "Channel and auger sampling", "reason": "auger brought along"}
    assert client.post(f"{page}change/", changed).status_code == 302
    assert Visit.objects.get().purpose == "Channel and auger sampling"
    assert "auger" in text_of(login(cast.outsiders["collector"]).get(page))
    assert login(cast.outsiders["collector"]).post(f"{page}change/", changed).status_code == 403


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"ends_on": "2020-01-01"}, "ends before it begins"),
        ({"mines": []}, "This field is required"),
        ({"team-0-name": ""}, "Give both name and organisation"),
        ({"starts_on": "soon"}, "Enter a valid date"),
    ],
)
def test_wrong_visit_says_what_is_wrong(cast: Cast, change: dict[str, Any], sentence: str) -> None:
    typed = {
        "purpose": "x",
        "starts_on": "2026-03-01",
        "ends_on": "2026-03-02",
        "mines": [str(make_mine().pk)],
        **team((cast.organisations["irel"], "A. Rao")),
    }
    assert sentence in text_of(login(cast.collector).post("/visits/new/", typed | change), status=422)
    assert not Visit.objects.exists()


def test_visits_are_searched_and_filtered(cast: Cast) -> None:
    visit = record_visit(record=visit_record(cast), by=cast.collector)
    client = login(cast.official)
    for query in ("", f"?q={visit.code[:7]}", "?q=pangwa", "?mine=PW1", "?q=leach"):
        assert visit.code in text_of(client.get(f"/visits/{query}")), query
    for query in ("?q=nothing", "?after=2999-01-01", "?before=2001-01-01"):
        assert visit.code not in text_of(client.get(f"/visits/{query}")), query
