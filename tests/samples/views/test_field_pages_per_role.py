"""Every role at every page of the field, and outsiders who find nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from lims.core.roles import LABORATORY_ROLES
from samples.models import Sample
from samples.services.importing import preview_import
from samples.services.photographing import photograph_sample, photograph_visit
from samples.services.registering import register_samples
from samples.services.visiting import Member, record_visit
from tests.factories.consignments import make_received
from tests.factories.people import Cast
from tests.factories.pictures import picture
from tests.factories.samples import make_mine, make_record
from tests.samples.services.test_placing_and_visiting import visit_record

LAB = set(LABORATORY_ROLES)
ALL = LAB | {"collector", "custodian", "official", "administrator"}
PLACES = {"collector", "official", "administrator"}
PAGES = {
    "/samples/": ALL,
    "/samples/{uuid}/": ALL,
    "/samples/new/": {"collector"},
    "/samples/imports/": {"collector"},
    "/samples/imports/{import}/": {"collector"},
    "/samples/imports/template.xlsx": {"collector"},
    "/samples/imports/template.csv": {"collector"},
    "/samples/{uuid}/correct/": {"collector"},
    "/samples/{uuid}/split/": {"collector", "technician"},
    "/samples/labels/?code={uuid}": {"collector", "receptionist", "technician"},
    "/mines/": PLACES,
    "/mines/PW1/": PLACES,
    "/mines/new/": {"collector", "official"},
    "/mines/PW1/change/": {"collector", "official"},
    "/mines/PW1/pits/new/": {"collector", "official"},
    "/mines/PW1/pits/P1/change/": {"collector", "official"},
    "/visits/": PLACES,
    "/visits/{visit}/": PLACES,
    "/visits/new/": {"collector"},
    "/visits/{visit}/change/": {"collector"},
}
OF_THE_OWNER = [
    "/samples/{uuid}/",
    "/samples/{uuid}/correct/",
    "/samples/imports/{import}/",
    "/visits/{visit}/",
    "/photos/{photo}/",
    "/photos/{visit_photo}/",
]


@pytest.fixture
def names(cast: Cast) -> dict[str, Any]:
    """One of everything, made by the collector; the sample has reached the laboratory."""
    make_mine()
    visit = record_visit(
        record=visit_record(cast, members=[Member(organisation=cast.organisations["irel"], name="A. Rao")]), by=cast.collector
    )
    (sample,) = register_samples(records=[make_record(visit=visit.code, seal_number="K-1")], by=cast.collector)
    make_received(cast, 0, samples=[sample])
    photo = photograph_sample(sample=sample, data=picture(), by=cast.collector)
    visit_photo = photograph_visit(visit=visit, data=picture(), by=cast.collector)
    data = b"mine,material,method,collected_at,mass_g,container\nPW1,clay,channel,2026-03-02 09:15,5,bag\n"
    found = preview_import(file_name="field.csv", data=data, by=cast.collector)
    return {"uuid": sample.pk, "visit": visit.code, "import": found.pk, "photo": photo.pk, "visit_photo": visit_photo.pk}


def login(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.mark.parametrize("path", sorted(PAGES))
def test_page_is_for_the_roles_of_the_matrix(cast: Cast, names: dict[str, Any], path: str) -> None:
    for role, person in cast.people.items():
        answer = login(person).get(path.format(**names))
        assert answer.status_code == (200 if role in PAGES[path] else 403), (role, path)


def test_outsiders_find_nothing(cast: Cast, names: dict[str, Any]) -> None:
    client = login(cast.outsiders["collector"])
    for path in OF_THE_OWNER:
        assert client.get(path.format(**names)).status_code == 404, path
    client = login(cast.outsiders["analyst"])
    assert client.get("/samples/{uuid}/".format(**names)).status_code == 404


def test_photographs_are_for_those_who_may_know_the_place(cast: Cast, names: dict[str, Any]) -> None:
    for role, person in cast.people.items():
        for name in ("photo", "visit_photo"):
            answer = login(person).get(f"/photos/{names[name]}/")
            assert answer.status_code == (200 if role in {"collector", "official"} else 404), (role, name)


def test_laboratory_sees_the_photographs_it_took_itself(cast: Cast, names: dict[str, Any]) -> None:
    sample = Sample.objects.get(pk=names["uuid"])
    photo = photograph_sample(sample=sample, data=picture("PNG"), caption="torn bag", by=cast.receptionist)
    answer = login(cast.analyst).get(f"/photos/{photo.pk}/?size=small")
    assert (answer.status_code, answer["Content-Type"], answer["X-Content-Type-Options"]) == (200, "image/jpeg", "nosniff")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert login(cast.analyst).get(f"/photos/{photo.pk}/")["Content-Type"] == "image/png"
    assert login(cast.custodian).get(f"/photos/{photo.pk}/").status_code == 404


def test_signed_out_visitor_is_asked_to_sign_in(names: dict[str, Any]) -> None:
    for path in PAGES:
        answer = Client().get(path.format(**names))
        assert (answer.status_code, "next=" in answer["Location"]) == (302, True), path
