"""The description of the interface is open to everybody, obeys the content security policy and asks nothing of other hosts."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.factories.people import Cast

pytestmark = pytest.mark.django_db


def test_the_page_has_no_inline_part_and_no_foreign_address(client: Client) -> None:
    page = client.get("/api/v1/docs/").content.decode()
    assert "<style" not in page
    assert not re.search(r"<script(?![^>]*src=)", page)
    assert set(re.findall(r'(?:src|href)="(https?:)?//', page)) == set()
    script = client.get("/api/v1/docs/?script=")
    assert script.headers["Content-Type"].startswith("application/javascript")
    assert 'url: "/api/v1/schema/"' in script.content.decode()


def test_the_description_needs_no_account_because_it_holds_no_data(client: Client) -> None:
    answer = client.get("/api/v1/schema/?format=json")
    assert answer.json()["openapi"].startswith("3.1")


def test_the_style_guide_is_for_signed_in_people(client: Client, cast: Cast) -> None:
    assert client.get("/styleguide/").headers["Location"] == "/sign-in/?next=/styleguide/"
    client.force_login(cast.custodian)
    assert client.get("/styleguide/").status_code == 200
