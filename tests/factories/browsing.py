"""People at the pages, signed in."""

from __future__ import annotations

from typing import Any

from django.test import Client


def sign_in(user: Any) -> Client:
    """A browser in which the person is signed in."""
    client = Client()
    client.force_login(user)
    return client


def text_of(answer: Any) -> str:
    """The page's text."""
    text: str = answer.content.decode()
    return text


def said(answer: Any) -> list[str]:
    """The messages the next page shows."""
    return [str(message) for message in answer.context["messages"]]
