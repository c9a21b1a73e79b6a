"""Guessing a password at signing stops like guessing it at signing in."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import override_settings

from lims.accounts.models import Signature, SignatureMeaning
from lims.accounts.services.people import set_temporary_password
from lims.accounts.signing import sign
from lims.core.errors import Blocked, DomainError, Invalid
from tests.factories.people import PASSWORD

NO_CACHE = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}}


def attempt(person, password):
    return sign(by=person, password=password, meaning=SignatureMeaning.REVIEW, content={"run": "1"})


def guess(person, times):
    for number in range(times):
        with pytest.raises(Invalid, match="nothing was signed"):
            attempt(person, f"guess {number}")


def test_after_several_wrong_passwords_even_the_right_one_waits(cast):
    guess(cast.reviewer, settings.AXES_FAILURE_LIMIT)
    with pytest.raises(Blocked, match="pauses for 15 minutes") as refusal:
        attempt(cast.reviewer, PASSWORD)
    assert [blocker.code for blocker in refusal.value.blockers] == ["too_many_wrong_passwords"]
    assert not Signature.objects.exists()
    # A pause is the guesser's alone, and ends by itself.
    assert attempt(cast.signatory, PASSWORD)
    assert 800 < cache._cache.get_client().ttl(cache.make_key(f"signing:{cast.reviewer.pk}")) <= 900


def test_the_right_password_ends_the_count(cast):
    guess(cast.reviewer, settings.AXES_FAILURE_LIMIT - 1)
    assert attempt(cast.reviewer, PASSWORD)
    guess(cast.reviewer, settings.AXES_FAILURE_LIMIT - 1)
    assert attempt(cast.reviewer, PASSWORD)


def test_a_temporary_password_ends_the_pause(cast):
    guess(cast.reviewer, settings.AXES_FAILURE_LIMIT)
    password = set_temporary_password(person=cast.reviewer, by=cast.administrator)
    cast.reviewer.refresh_from_db()
    assert attempt(cast.reviewer, password)


@override_settings(CACHES=NO_CACHE)
def test_signing_goes_on_while_nothing_can_be_counted(cast, caplog):
    with pytest.raises(DomainError, match="nothing was signed"):
        attempt(cast.reviewer, "guess")
    assert attempt(cast.reviewer, PASSWORD)
    assert "not counted" in caplog.text
