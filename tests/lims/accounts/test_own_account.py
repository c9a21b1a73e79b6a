"""One's own account: tokens, competences, password."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from lims.accounts.models import ApiToken
from lims.accounts.services.own import create_own_token, end_token
from lims.core import clock
from lims.core.errors import Blocked, Forbidden, Invalid
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db


def soon() -> str:
    return (clock.today() + timedelta(days=30)).isoformat()


def test_a_token_is_shown_once_and_works_as_far_as_its_scopes(cast: Cast, client: Client) -> None:
    client.force_login(cast.analyst)
    page = client.post("/me/tokens/", {"name": "notebook", "expires_on": soon(), "scopes": ["grade.view"]})
    token = re.search(r"a_[\w-]{40,}", page.content.decode())[0]
    assert "no-store" in page.headers["Cache-Control"]
    assert token not in client.get("/me/").content.decode()
    assert not ApiToken.objects.filter(digest=token).exists()
    caller = {"Authorization": f"Token {token}"}
    assert Client().get("/api/v1/grades/", headers=caller).status_code == 200
    assert Client().get("/api/v1/consignments/", headers=caller).status_code == 403


def test_a_revoked_token_opens_nothing(cast: Cast, client: Client) -> None:
    row, token = create_own_token(name="notebook", expires_at=clock.now() + timedelta(days=1), by=cast.analyst)
    caller = {"Authorization": f"Token {token}"}
    assert Client().get("/api/v1/grades/", headers=caller).status_code == 200
    client.force_login(cast.analyst)
    assert client.post(f"/tokens/{row.pk}/revoke/").headers["Location"] == "/me/"
    assert Client().get("/api/v1/grades/", headers=caller).status_code == 401
    with pytest.raises(Blocked, match="revoked already"):
        end_token(token=row, by=cast.analyst)


def test_a_token_ends_within_a_year_and_is_never_wider_than_its_owner(cast: Cast, client: Client) -> None:
    for days in (-1, 400):
        with pytest.raises(Invalid, match="a year at most"):
            create_own_token(name="x", expires_at=clock.now() + timedelta(days=days), by=cast.analyst)
    with pytest.raises(Invalid, match=r"result\.authorise"):
        create_own_token(name="x", expires_at=clock.now() + timedelta(days=1), scopes=["result.authorise"], by=cast.analyst)
    client.force_login(cast.analyst)
    refused = client.post("/me/tokens/", {"name": "notebook", "expires_on": "2020-01-01"})
    assert refused.status_code == 422
    assert "a year at most" in refused.content.decode()
    assert 'value="notebook"' in refused.content.decode()
    assert not ApiToken.objects.exists()


def test_a_token_of_somebody_else_does_not_exist(cast: Cast, client: Client) -> None:
    row, _token = create_own_token(name="x", expires_at=clock.now() + timedelta(days=1), by=cast.analyst)
    client.force_login(cast.reviewer)
    assert client.post(f"/tokens/{row.pk}/revoke/").status_code == 404
    with pytest.raises(Forbidden):
        end_token(token=row, by=cast.reviewer)
    client.force_login(cast.administrator)
    assert client.post(f"/tokens/{row.pk}/revoke/").headers["Location"] == f"/people/{cast.analyst.pk}/"


@pytest.mark.parametrize("role", ["collector", "custodian", "official", "administrator", "quality_manager"])
def test_everybody_has_an_account_page(cast: Cast, client: Client, role: str) -> None:
    person = cast.people[role]
    client.force_login(person)
    page = client.get("/me/").content.decode()
    assert person.full_name in page
    assert person.organisation.name in page
