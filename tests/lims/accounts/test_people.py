"""Accounts of people, made and changed by administrators."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from lims.accounts.models import ApiToken, User
from lims.accounts.services.own import create_own_token
from lims.accounts.services.people import add_person, change_person, deactivate_person, reactivate_person, set_temporary_password
from lims.core import clock
from lims.core.errors import Blocked, Forbidden, Invalid
from lims.core.history import read_history
from lims.core.roles import Role
from tests.factories.people import PASSWORD, Cast, make_user

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "another long sentence 7"


def make_token(person: User) -> tuple[ApiToken, str]:
    return create_own_token(name="balance", expires_at=clock.now() + timedelta(days=3), by=person)


def test_a_new_person_signs_in_with_the_temporary_password_and_must_choose_another(cast: Cast, client: Client) -> None:
    person, password = add_person(
        username="asha", full_name="Asha Rao", role="analyst", organisation=cast.organisations["lab"], by=cast.administrator
    )
    answer = client.post("/sign-in/", {"username": "asha", "password": password})
    assert answer.status_code == 302
    assert client.get("/").headers["Location"] == "/password/"
    assert client.get("/api/v1/samples/").json()["code"] == "temporary_password"
    same = {"old_password": password, "new_password1": password, "new_password2": password}
    assert "Choose another one" in client.post("/password/", same).content.decode()
    chosen = {"old_password": password, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    assert client.post("/password/", chosen).headers["Location"] == "/password/changed/"
    assert client.get("/").status_code == 200
    person.refresh_from_db()
    assert not person.must_change_password
    assert person.check_password(NEW_PASSWORD)


@pytest.mark.parametrize(
    ("role", "house"),
    [("analyst", "irel"), ("collector", "lab"), ("custodian", "midwest"), ("official", "lab"), ("administrator", "carrier")],
)
def test_a_role_in_the_wrong_kind_of_organisation_is_refused(cast: Cast, role: str, house: str) -> None:
    with pytest.raises(Invalid) as refusal:
        add_person(username="x", full_name="X", role=role, organisation=cast.organisations[house], by=cast.administrator)
    assert refusal.value.code == "wrong_house"
    assert not User.objects.filter(username="x").exists()


def test_a_user_name_is_taken_however_it_is_written(cast: Cast) -> None:
    with pytest.raises(Invalid):
        add_person(username="ANALYST", full_name="X", role="analyst", organisation=cast.organisations["lab"], by=cast.administrator)


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_only_administrators_touch_accounts(cast: Cast, role: str) -> None:
    by, analyst, lab = cast.people[role], cast.analyst, cast.organisations["lab"]
    with pytest.raises(Forbidden):
        add_person(username="x", full_name="X", role="analyst", organisation=lab, by=by)
    with pytest.raises(Forbidden):
        change_person(person=analyst, full_name="X", role="reviewer", organisation=lab, reason="so", by=by)
    with pytest.raises(Forbidden):
        deactivate_person(person=analyst, reason="so", by=by)
    with pytest.raises(Forbidden):
        reactivate_person(person=analyst, reason="so", by=by)
    with pytest.raises(Forbidden):
        set_temporary_password(person=analyst, by=by)


def test_closing_an_account_ends_sessions_and_tokens_and_nothing_revives_them(cast: Cast, client: Client) -> None:
    _row, token = make_token(cast.analyst)
    client.force_login(cast.analyst)
    deactivate_person(person=cast.analyst, reason="left the laboratory", by=cast.administrator)
    assert client.get("/").status_code == 302
    reactivate_person(person=cast.analyst, reason="came back", by=cast.administrator)
    assert Client().get("/api/v1/jobs/", headers={"Authorization": f"Token {token}"}).status_code in {401, 404}
    assert not ApiToken.objects.live(clock.now()).filter(user=cast.analyst).exists()
    cast.analyst.refresh_from_db()
    assert cast.analyst.must_change_password
    assert not cast.analyst.check_password(PASSWORD)


def test_nobody_closes_or_demotes_the_own_account_nor_the_last_administrator(cast: Cast) -> None:
    admin = cast.administrator
    with pytest.raises(Blocked, match="your own account"):
        deactivate_person(person=admin, reason="tired", by=admin)
    with pytest.raises(Blocked, match="your own account"):
        change_person(person=admin, full_name="A", role="official", organisation=admin.organisation, reason="so", by=admin)
    with pytest.raises(Blocked, match="your own account"):
        set_temporary_password(person=admin, by=admin)
    second = make_user("second", "administrator", admin.organisation)
    deactivate_person(person=second, reason="left", by=admin)
    admin.refresh_from_db()
    assert admin.is_active


def test_a_change_needs_a_reason_and_the_history_says_who_and_why(cast: Cast) -> None:
    lab = cast.organisations["lab"]
    with pytest.raises(Invalid, match="Say why"):
        change_person(person=cast.analyst, full_name="A", role="reviewer", organisation=lab, reason=" ", by=cast.administrator)
    change_person(person=cast.analyst, full_name="Anita Rao", role="reviewer", organisation=lab, reason="promoted", by=cast.administrator)
    newest = read_history(cast.analyst)[0]
    assert (newest.kind, newest.by, newest.reason) == ("update", "administrator", "promoted")
    assert ("Role", "Analyst", "Reviewer") in newest.differences
    assert all("password" not in label.lower() or label == "Must change password" for label, *_ in newest.differences)


def test_administrators_alone_open_the_admin_and_lose_it_with_the_role(cast: Cast) -> None:
    second, _password = add_person(
        username="second", full_name="B", role="administrator", organisation=cast.organisations["ministry"], by=cast.administrator
    )
    assert second.is_staff
    demoted = change_person(
        person=second, full_name="B", role="official", organisation=second.organisation, reason="moved", by=cast.administrator
    )
    assert not demoted.is_staff


def test_a_temporary_password_unlocks_after_wrong_attempts(cast: Cast, client: Client) -> None:
    for _attempt in range(8):
        client.post("/sign-in/", {"username": "analyst", "password": "wrong"})
    assert client.post("/sign-in/", {"username": "analyst", "password": PASSWORD}).status_code == 429
    password = set_temporary_password(person=cast.analyst, by=cast.administrator)
    assert client.post("/sign-in/", {"username": "analyst", "password": password}).status_code == 302


def test_the_list_is_searched_filtered_ordered_and_exported(cast: Cast, client: Client) -> None:
    client.force_login(cast.administrator)
    page = client.get("/people/?q=signatory&organisation=LAB")
    assert "Signatory signatory" in page.content.decode()
    assert "other_signatory" not in page.content.decode()
    assert client.get("/people/?ordering=password").status_code == 422
    text = b"".join(client.get("/people/?format=csv&role=collector&ordering=full_name")).decode()
    assert text.splitlines()[0].startswith("username,full_name,role,organisation")
    assert [line.split(",")[0] for line in text.splitlines()[1:]] == ["collector", "other_collector"]


def test_the_pages_walk_an_administrator_through_an_account(cast: Cast, client: Client) -> None:
    client.force_login(cast.administrator)
    lab = cast.organisations["lab"]
    fields = {"full_name": "Asha Rao", "username": "asha", "role": "collector", "organisation": lab.pk}
    refused = client.post("/people/add/", fields)
    assert refused.status_code == 422
    assert "belongs to: State firm or Private firm" in refused.content.decode()
    assert "Asha Rao" in refused.content.decode()
    made = client.post("/people/add/", {**fields, "role": "analyst"})
    asha = User.objects.get(username="asha")
    assert "no-store" in made.headers["Cache-Control"]
    assert client.get(f"/people/{asha.pk}/").status_code == 200
    client.post(f"/people/{asha.pk}/close/", {"reason": ""})
    asha.refresh_from_db()
    assert asha.is_active
    client.post(f"/people/{asha.pk}/close/", {"reason": "left"})
    asha.refresh_from_db()
    assert not asha.is_active
    assert "left" in client.get(f"/people/{asha.pk}/").content.decode()
    assert client.post(f"/people/{asha.pk}/reopen/", {"reason": "back"}).status_code == 200
    changed = {"full_name": "Asha R. Rao", "role": "reviewer", "organisation": lab.pk, "reason": "promoted"}
    assert client.post(f"/people/{asha.pk}/change/", changed).status_code == 302
    asha.refresh_from_db()
    assert (asha.full_name, asha.role, asha.is_active) == ("Asha R. Rao", "reviewer", True)
