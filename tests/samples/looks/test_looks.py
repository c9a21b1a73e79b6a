"""Suppliers and exact places: shown to those who may, when they say what for, and every look is kept."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from lims.core.errors import Forbidden, Invalid
from samples.looks.looking import Shown, glance_at, may_see_origin, record_looks
from samples.looks.models import Look
from samples.models import Mine
from samples.services.photographing import photograph_sample
from tests.factories.callers import Caller
from tests.factories.people import Cast
from tests.factories.pictures import picture
from tests.factories.samples import make_mine, make_samples

pytestmark = pytest.mark.django_db
PLACE = "25.923450"


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def looks() -> list[tuple[str, str, str, str]]:
    return list(Look.objects.order_by("id").values_list("viewer_name", "subject_code", "shown", "purpose"))


def test_a_look_is_kept_with_who_when_what_and_what_for_and_cannot_be_altered(cast: Cast) -> None:
    mine = make_mine()
    (look,) = record_looks(glances=[glance_at(mine, Shown.PLACE)], purpose=" Journey is planned ", address="/mines/PW1/", by=cast.official)

    assert (look.subject_id, look.viewer_organisation, look.purpose) == (mine.pk, "Ministry of Mines", "Journey is planned")
    for change in (lambda: Look.objects.update(purpose="x"), lambda: Look.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


@pytest.mark.parametrize(
    ("role", "purpose", "refusal"),
    [
        ("administrator", "To be sure", Forbidden),
        ("analyst", "To be sure", Forbidden),
        ("official", "  ", Invalid),
        ("official", "a\nb\nc\nd", Invalid),
    ],
)
def test_without_permission_or_purpose_nothing_is_shown_or_kept(cast: Cast, role: str, purpose: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        record_looks(glances=[glance_at(make_mine(), Shown.PLACE)], purpose=purpose, by=cast.people[role])
    assert looks() == []
    assert may_see_origin(cast.people[role]) is (role == "official")


def test_a_samples_page_shows_the_place_only_when_asked_and_keeps_the_look(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    client, address = browser(cast.official), f"/samples/{sample.code}/origin/"

    assert PLACE not in client.get(f"/samples/{sample.code}/").content.decode()
    assert client.post(address, {"look-purpose": ""}).status_code == 422
    assert looks() == []
    shown = client.post(address, {"look-purpose": "Plausibility of the pit"})
    assert shown.status_code == 200
    assert PLACE in shown.content.decode()
    assert looks() == [(cast.official.full_name, sample.code, "place", "Plausibility of the pit")]
    assert PLACE not in client.get(f"/samples/{sample.code}/").content.decode()
    assert PLACE not in "".join(map(str, client.get("/samples/?format=csv")))


def test_a_mines_page_shows_operator_and_places_only_when_asked(cast: Cast) -> None:
    make_mine(operator="Golden Hill Company")
    client = browser(cast.collector)

    before = client.get("/mines/PW1/").content.decode()
    after = client.post("/mines/PW1/origin/", {"look-purpose": "Planning the journey"}).content.decode()
    for secret in ("Golden Hill Company", "25.923400", "25.923500"):
        assert secret not in before
        assert secret in after
    assert [row[2] for row in looks()] == ["place", "supplier"]


def test_forms_of_correction_and_full_photographs_are_looks_by_themselves(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    photo = photograph_sample(sample=sample, data=picture(), by=cast.collector)
    client = browser(cast.collector)
    client.get(f"/samples/{sample.code}/correct/")
    client.get("/mines/PW1/change/")
    client.get("/mines/PW1/pits/P1/change/")
    client.get(f"/photos/{photo.pk}/")  # one's own
    browser(cast.official).get(f"/photos/{photo.pk}/?size=small")
    browser(cast.official).get(f"/photos/{photo.pk}/")

    assert [(row[1], row[2]) for row in looks()] == [
        (sample.code, "place"),
        ("PW1", "place"),
        ("PW1", "supplier"),
        ("PW1", "place"),
        (sample.code, "photograph"),
    ]


def test_the_api_reveals_with_a_purpose_and_what_it_reveals_proves_the_commitment(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    caller = Caller(cast.official)
    assert caller.post("/origins/", {"purpose": "", "mines": ["PW1"]}).status_code == 422
    assert caller.post("/origins/", {"purpose": "Due diligence"}).status_code == 422
    assert caller.post("/origins/", {"purpose": "Due diligence", "mines": ["PW1", "NONE"]}).status_code == 404
    assert looks() == []

    body = caller.post("/origins/", {"purpose": "Due diligence", "mines": ["PW1"], "samples": [sample.code]}).json()
    assert (body["mines"][0]["latitude"], body["mines"][0]["pits"][0]["code"]) == ("25.923400", "P1")
    (told,) = body["samples"][0]["custody"]
    events = caller.get(f"/samples/{sample.code}/custody/?proof=1").json()["events"]
    assert "coordinates" not in events[0]["disclosed"]
    digest = hashlib.sha256(bytes.fromhex(told["salt"]) + told["coordinates"].encode()).hexdigest()
    import base64
    import json

    assert json.loads(base64.b64decode(events[0]["canonical"]))["commitments"]["coordinates"] == digest
    assert len(looks()) == 3
    assert Caller(cast.outsiders["collector"]).post("/origins/", {"purpose": "Curiosity", "samples": [sample.code]}).status_code == 404


def test_the_overviews_map_is_coarse_until_asked(cast: Cast) -> None:
    make_samples(cast)
    client = browser(cast.official)
    assert "98.6123" not in client.get("/overview/").content.decode()
    shown = client.post("/overview/", {"look-purpose": "Briefing of the minister"})
    assert "98.6123" in shown.content.decode()
    assert [row[1:3] for row in looks()] == [(mine.code, "place") for mine in Mine.objects.all()]


def test_officials_and_administrators_read_the_looks(cast: Cast) -> None:
    record_looks(glances=[glance_at(make_mine(), Shown.PLACE)], purpose="Planning", by=cast.collector)
    for role in ("official", "administrator"):
        page = browser(cast.people[role]).get("/looks/?q=plan").content.decode()
        assert cast.collector.full_name in page
        assert Caller(cast.people[role]).get("/looks/").json()["results"][0]["subject"] == "PW1"
    assert browser(cast.official).get("/looks/?q=nobody").content.decode().count("PW1") == 0
    assert browser(cast.collector).get("/looks/").status_code == 403
    late = (Look.objects.get().looked_at + timedelta(days=2)).date()
    assert Caller(cast.official).get(f"/looks/?after={late}T00:00:00Z").json()["results"] == []
