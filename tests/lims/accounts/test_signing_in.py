"""Signing in through the page, and one's own settings."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories.people import PASSWORD, Cast


@pytest.mark.django_db
def test_a_person_signs_in_and_sees_the_own_start_page(client: Client, cast: Cast) -> None:
    answer = client.post("/sign-in/", {"username": "analyst", "password": PASSWORD}, follow=True)
    assert answer.status_code == 200
    assert answer.redirect_chain == [("/", 302)]
    assert "Analyst analyst" in answer.content.decode()


@pytest.mark.django_db
def test_a_wrong_password_is_refused_in_words(client: Client, cast: Cast) -> None:
    answer = client.post("/sign-in/", {"username": "analyst", "password": "wrong"})
    assert answer.status_code == 200
    assert "/sign-in/" in answer.request["PATH_INFO"]
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_pages_ask_the_stranger_to_sign_in(client: Client, cast: Cast) -> None:
    assert client.get("/").headers["Location"] == "/sign-in/?next=/"


@pytest.mark.django_db
def test_language_and_zone_are_kept_with_the_account(client: Client, cast: Cast) -> None:
    client.force_login(cast.analyst)
    client.post("/language/", {"language": "hi", "next": "https://evil.example/"})
    assert client.post("/zone/", {"time_zone": "Asia/Yangon", "next": "/"}).headers["Location"] == "/"
    cast.analyst.refresh_from_db()
    assert (cast.analyst.language, cast.analyst.time_zone) == ("hi", "Asia/Yangon")


@pytest.mark.django_db
def test_strict_content_security_policy_on_every_page(client: Client, cast: Cast) -> None:
    policy = client.get("/sign-in/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
