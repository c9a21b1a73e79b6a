"""Organisations, recorded and changed by administrators."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from lims.accounts.models import Organisation
from lims.accounts.services.organisations import change_organisation, record_organisation
from lims.accounts.services.people import add_person
from lims.core.errors import Blocked, Forbidden, Invalid
from lims.core.history import read_history
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db

JORHAT: dict[str, Any] = {"code": "jrh", "name": "Jorhat Laboratory", "kind": "laboratory", "address": "Institute Road"}


def test_an_administrator_records_and_changes_an_organisation_with_a_reason(cast: Cast) -> None:
    found = record_organisation(values=JORHAT, by=cast.administrator)
    assert found.code == "JRH"
    change_organisation(organisation=found, values={"accreditation": "TC-1234"}, reason="accredited", by=cast.administrator)
    newest, first = read_history(found)
    assert (newest.reason, newest.differences) == ("accredited", [("Accreditation", "—", "TC-1234")])
    assert first.kind == "insert"


def test_half_a_place_a_taken_code_and_other_roles_are_refused(cast: Cast) -> None:
    with pytest.raises(Invalid) as refusal:
        record_organisation(values={**JORHAT, "latitude": 26}, by=cast.administrator)
    assert refusal.value.problems[0].pointer == "/longitude"
    with pytest.raises(Invalid):
        record_organisation(values={**JORHAT, "code": "LAB"}, by=cast.administrator)
    with pytest.raises(Forbidden):
        record_organisation(values=JORHAT, by=cast.official)
    assert not Organisation.objects.filter(name="Jorhat Laboratory").exists()


def test_an_organisation_is_not_closed_or_turned_over_the_heads_of_its_people(cast: Cast) -> None:
    lab, admin = cast.organisations["lab"], cast.administrator
    with pytest.raises(Blocked, match="open accounts belong"):
        change_organisation(organisation=lab, values={"active": False}, reason="moved", by=admin)
    with pytest.raises(Blocked, match="which this kind of organisation does not have"):
        change_organisation(organisation=lab, values={"kind": "carrier"}, reason="sold", by=admin)


def test_a_closed_organisation_takes_no_people(cast: Cast) -> None:
    found = record_organisation(values={**JORHAT, "active": False}, by=cast.administrator)
    with pytest.raises(Invalid, match="is closed"):
        add_person(username="x", full_name="X", role="analyst", organisation=found, by=cast.administrator)


def test_the_pages_list_show_and_change(cast: Cast, client: Client) -> None:
    client.force_login(cast.administrator)
    assert "Bhopal Laboratory" in client.get("/organisations/?kind=laboratory&q=bhopal").content.decode()
    assert client.post("/organisations/add/", JORHAT).status_code == 302
    found = Organisation.objects.get(code="JRH")
    assert client.get(f"/organisations/{found.pk}/change/").status_code == 200
    refused = client.post(f"/organisations/{found.pk}/change/", {**JORHAT, "name": "Jorhat", "latitude": "26"})
    assert refused.status_code == 422
    assert (
        client.post(f"/organisations/{found.pk}/change/", {**JORHAT, "name": "Jorhat", "active": "on", "reason": "renamed"}).status_code
        == 302
    )
    assert "renamed" in client.get(f"/organisations/{found.pk}/").content.decode()
    assert b"".join(client.get("/organisations/?format=csv")).decode().count("\n") == Organisation.objects.count() + 1
