"""Codes set aside before the field: nobody else is given them, each is used once, and labels come in every layout."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from pypdf import PdfReader

from lims.core.codes import with_check_character
from lims.core.errors import Blocked, Forbidden, Invalid
from samples.allotments.models import Allotment
from samples.models import Sample
from samples.services.allotting import allot_codes, end_allotment
from samples.services.registering import register_samples
from tests.factories.callers import Caller
from tests.factories.people import Cast
from tests.factories.samples import make_mine, make_record, make_samples

pytestmark = pytest.mark.django_db


def register(cast: Cast, *codes: str, by: Any = None) -> list[Sample]:
    make_mine()
    return register_samples(records=[make_record(code=code) for code in codes], by=by or cast.collector)


def refusal(cast: Cast, *codes: str, by: Any = None) -> list[tuple[str, str]]:
    before = Sample.objects.count()
    with pytest.raises(Invalid) as raised:
        register(cast, *codes, by=by)
    assert Sample.objects.count() == before
    return [(problem.pointer, problem.code) for problem in raised.value.problems]


def test_codes_set_aside_are_given_to_nobody_else_and_used_once(cast: Cast) -> None:
    first, second, third = allot_codes(count=3, team="Team A", by=cast.collector).codes()
    (other,) = make_samples(cast, 1, by=cast.outsiders["collector"])
    assert other.code > third

    found = register(cast, second.lower().replace("-", " "), "", f"]C1{first}")
    assert [sample.code for sample in found][::2] == [second, first]
    assert found[1].code not in {first, second, third}
    assert refusal(cast, first) == [("/0/code", "used_code")]
    assert refusal(cast, third, third) == [("/0/code", "duplicate_code"), ("/1/code", "duplicate_code")]


def test_wrong_foreign_and_closed_codes_are_refused_in_words(cast: Cast) -> None:
    mine = allot_codes(count=2, team="Team A", by=cast.collector)
    theirs = allot_codes(count=1, team="Team B", by=cast.outsiders["collector"]).codes()[0]
    code = mine.codes()[0]
    mistyped = code[:-1] + ("A" if code[-1] != "A" else "B")

    assert refusal(cast, mistyped) == [("/0/code", "check_character")]
    assert refusal(cast, "bag 7") == [("/0/code", "code_shape")]
    assert refusal(cast, mine.code) == [("/0/code", "code_shape")]
    for foreign in (theirs, with_check_character("S-26-99999"), make_samples(cast, 1, by=cast.outsiders["collector"])[0].code):
        assert refusal(cast, foreign) == [("/0/code", "not_allotted")]
    end_allotment(allotment=mine, reason="The box fell into the river", by=cast.collector)
    assert refusal(cast, code) == [("/0/code", "allotment_ended")]


def test_only_a_firm_sets_aside_and_closes_its_own_and_nothing_is_altered(cast: Cast) -> None:
    made = allot_codes(count=2, team="Team A", by=cast.collector)
    for count in (0, 501):
        with pytest.raises(Invalid):
            allot_codes(count=count, team="x", by=cast.collector)
    with pytest.raises(Invalid):
        allot_codes(count=1, team=" ", by=cast.collector)
    for stranger in (cast.outsiders["collector"], cast.official):
        with pytest.raises(Forbidden):
            end_allotment(allotment=made, reason="x", by=stranger)
    end_allotment(allotment=made, reason="returned", by=cast.collector)
    with pytest.raises(Blocked):
        end_allotment(allotment=made, reason="again", by=cast.collector)
    with pytest.raises(DatabaseError), transaction.atomic():
        Allotment.objects.update(last=999)
    assert Allotment.objects.count() == 1


@pytest.mark.parametrize(("layout", "pages"), [("sheet", 1), ("single", 2), ("small", 2)])
def test_labels_of_free_codes_are_printed_in_every_layout(cast: Cast, layout: str, pages: int) -> None:
    made = allot_codes(count=3, team="Team A", by=cast.collector)
    register(cast, made.codes()[1])
    client = Client()
    client.force_login(cast.collector)
    answer = client.get(f"/codes/{made.code}/labels/?layout={layout}")
    texts = [page.extract_text().replace("\n", "") for page in PdfReader(io.BytesIO(answer.content)).pages]
    assert len(texts) == pages
    assert [code in "".join(texts) for code in made.codes()] == [True, False, True]


def test_label_printers_get_their_own_text_and_samples_too(cast: Cast) -> None:
    made = allot_codes(count=2, team='Team "^XZ~"', by=cast.collector)
    (sample,) = make_samples(cast)
    client = Client()
    client.force_login(cast.collector)
    zpl = client.get(f"/codes/{made.code}/labels/?layout=zpl").content.decode()
    epl = client.get(f"/codes/{made.code}/labels/?layout=epl").content.decode()
    assert (zpl.count("^XA"), zpl.count("^XZ"), zpl.count("~")) == (2, 2, 0)
    assert f"^FD>:{made.codes()[0]}^FS" in zpl
    assert epl.count("\r\nP1\r\n") == 2
    assert epl.count('"') - epl.count('\\"') == 2 * 8
    assert 'Team \\"^"' in epl
    assert f">:{sample.code}^FS" in client.get(f"/samples/labels/?code={sample.code}&layout=zpl").content.decode()
    assert client.get(f"/codes/{made.code}/labels/?layout=fax").status_code == 302


def test_pages_and_api_set_aside_register_and_close(cast: Cast) -> None:
    client, caller = Client(), Caller(cast.collector)
    client.force_login(cast.collector)
    assert client.post("/codes/", {"count": "0", "team": "A"}).status_code == 422
    location = client.post("/codes/", {"count": "2", "team": "A"}).headers["Location"]
    page = client.get(location).content.decode()
    code = Allotment.objects.get().codes()[0]
    assert code in page
    made = caller.post("/allotments/", {"count": 2, "team": "B"}).json()
    make_mine()
    body = {
        "mine": "PW1",
        "material": "clay",
        "method": "channel",
        "collected_at": "2026-03-02T09:15:00Z",
        "mass_g": "5",
        "container": "bag",
    }
    assert caller.post("/samples/", body | {"code": made["codes"][1]["code"]}).json()["code"] == made["codes"][1]["code"]
    wrong = caller.post("/samples/", body | {"code": "S-26-00001-0"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/code")
    assert caller.get(f"/allotments/{made['code']}/").json()["used"] == 1
    assert caller.post(f"/allotments/{made['code']}/end/", {"reason": "done"}).json()["end_reason"] == "done"
    assert Caller(cast.outsiders["collector"]).get(f"/allotments/{made['code']}/").status_code == 404
    assert client.get("/scan/", {"code": code}).headers["Location"] == location
