"""Django's admin: administrators look at every table, nobody changes anything there, secrets stay hidden."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from lims.accounts.services.organisations import change_organisation
from lims.accounts.services.own import create_own_token
from lims.core import clock
from lims.core.records_admin import SECRETS
from samples.models import Sample
from tests.factories.people import Cast
from tests.factories.samples import make_samples

pytestmark = pytest.mark.django_db

TABLES = sorted(admin.site._registry, key=lambda model: model._meta.label)


def test_every_table_is_listed_and_none_can_be_changed(cast: Cast, client: Client) -> None:
    client.force_login(cast.administrator)
    make_samples(cast, 2)
    met = {model._meta.label: answers_of(client, model) for model in TABLES}
    expected = {"changelist": 200, "add": 403, "POST add": 403}
    of_a_row = {"change": 200, "saves": False, "POST change": 403, "POST delete": 403, "history": 200}
    assert met == {label: expected | (of_a_row if "change" in answers else {}) for label, answers in met.items()}
    assert met["samples.Sample"] == met["accounts.User"] == met["custody.CustodyEvent"] == expected | of_a_row


def answers_of(client: Client, model: type[Model]) -> dict[str, int | bool]:
    """What an administrator meets at the pages of a table and, where it has one, at those of its first row."""

    def at(page: str, *args: object) -> str:
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)

    met: dict[str, int | bool] = {
        "changelist": client.get(at("changelist")).status_code,
        "add": client.get(at("add")).status_code,
        "POST add": client.post(at("add"), {}).status_code,
    }
    row = model._default_manager.first()
    if row is not None:
        one = client.get(at("change", row.pk))
        met |= {
            "change": one.status_code,
            "saves": 'name="_save"' in one.content.decode(),
            "POST change": client.post(at("change", row.pk), {}).status_code,
            "POST delete": client.post(at("delete", row.pk), {"post": "yes"}).status_code,
            "history": client.get(at("history", row.pk)).status_code,
        }
    return met


def test_all_own_tables_are_registered_but_those_of_history() -> None:
    labels = {model._meta.label for model in TABLES}
    assert {"samples.Sample", "custody.CustodyEvent", "assays.ResultVersion", "reports.Certificate", "accounts.Signature"} <= labels
    assert not any(label.endswith("Event") and label != "custody.CustodyEvent" for label in labels)


def test_secrets_and_restricted_places_are_not_shown(cast: Cast, client: Client) -> None:
    client.force_login(cast.administrator)
    token, _text = create_own_token(name="x", expires_at=clock.now() + timedelta(days=1), by=cast.analyst)
    page = client.get(reverse("admin:accounts_apitoken_change", args=[token.pk])).content.decode()
    assert token.digest not in page
    assert cast.analyst.password not in client.get(reverse("admin:accounts_user_change", args=[cast.analyst.pk])).content.decode()
    sample = make_samples(cast, 1)[0]
    for name in ("change", "history"):
        page = client.get(reverse(f"admin:samples_sample_{name}", args=[sample.pk])).content.decode()
        assert sample.code in page
        assert "25.92345" not in page
    for model in TABLES:
        shown = admin.site._registry[model].get_fields(None)
        assert not SECRETS & set(shown)
        assert "latitude" not in shown or model._meta.label == "accounts.Organisation"


def test_the_history_of_a_row_says_who_and_why(cast: Cast, client: Client) -> None:
    change_organisation(
        organisation=cast.organisations["lab"], values={"accreditation": "TC-1"}, reason="accredited", by=cast.administrator
    )
    client.force_login(cast.administrator)
    page = client.get(reverse("admin:accounts_organisation_history", args=[cast.organisations["lab"].pk])).content.decode()
    assert "accredited" in page
    assert "TC-1" in page


def test_nobody_but_administrators_gets_in_and_there_is_one_way_to_sign_in(cast: Cast, client: Client) -> None:
    assert client.get("/admin/").headers["Location"].startswith("/admin/login/")
    assert client.get("/admin/login/?next=/admin/").headers["Location"] == "/sign-in/?next=/admin/"
    client.force_login(cast.official)
    assert client.get("/admin/", follow=True).status_code == 403
    cast.quality_manager.is_staff = True
    cast.quality_manager.save()
    client.force_login(cast.quality_manager)
    assert client.get("/admin/samples/sample/", follow=True).status_code == 403


def test_the_list_of_a_table_asks_a_fixed_number_of_queries(
    cast: Cast, client: Client, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    make_samples(cast, 12)
    client.force_login(cast.administrator)
    with django_assert_max_num_queries(12):
        assert client.get(reverse("admin:samples_sample_changelist")).status_code == 200
    assert Sample.objects.count() == 12
