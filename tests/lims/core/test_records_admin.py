"""Django's admin: administrators look at every table, nobody changes anything there, secrets stay hidden."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client, RequestFactory
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


KNOCKED_AT = {"samples.Sample", "accounts.User", "custody.CustodyEvent"}


def test_every_table_is_listed_and_none_can_be_changed(cast: Cast, client: Client, rf: RequestFactory) -> None:
    client.force_login(cast.administrator)
    make_samples(cast, 2)
    request = rf.get("/")
    request.user = cast.administrator
    for model in TABLES:
        page = admin.site._registry[model]
        assert client.get(address(model, "changelist")).status_code == 200, model
        assert not page.has_add_permission(request), model
        assert not page.has_change_permission(request), model
        assert not page.has_delete_permission(request), model
        row = model._default_manager.first()
        if row is not None:
            one = client.get(address(model, "change", row.pk))
            assert one.status_code == 200, model
            assert 'name="_save"' not in one.content.decode(), model
    for model in (one for one in TABLES if one._meta.label in KNOCKED_AT):
        assert answers_of(client, model) == {"add": 403, "POST add": 403, "POST change": 403, "POST delete": 403, "history": 200}


def address(model: type[Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def answers_of(client: Client, model: type[Model]) -> dict[str, int]:
    """What an administrator meets who tries all the same, at the first row."""
    row = model._default_manager.first()
    assert row is not None
    return {
        "add": client.get(address(model, "add")).status_code,
        "POST add": client.post(address(model, "add"), {}).status_code,
        "POST change": client.post(address(model, "change", row.pk), {}).status_code,
        "POST delete": client.post(address(model, "delete", row.pk), {"post": "yes"}).status_code,
        "history": client.get(address(model, "history", row.pk)).status_code,
    }


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
