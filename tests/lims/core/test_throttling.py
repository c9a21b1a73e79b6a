"""Requests are counted per caller, for all web processes together; who asks too often is told when to come again."""

from __future__ import annotations

from typing import Any

import pytest

from assays.instruments.models import Instrument
from lims.core.api import throttling
from tests.factories.bench import make_instrument
from tests.factories.callers import Caller, InstrumentCaller
from tests.factories.measurement import make_instrument_token
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db

BEAT = "/instruments/me/heartbeat/"


@pytest.fixture
def two_a_minute(settings: Any) -> None:
    settings.API_RATES = dict.fromkeys(settings.API_RATES, "2/minute")


def caller_of(cast: Cast, instrument: Instrument) -> InstrumentCaller:
    return InstrumentCaller(make_instrument_token(cast, instrument))


@pytest.mark.usefixtures("two_a_minute")
def test_an_instrument_that_asks_too_often_waits_and_no_other_does(cast: Cast) -> None:
    first, second = make_instrument(cast), make_instrument(cast, "ICPMS-2")
    # Another token of the same instrument, and another process: the count is in Redis, and it is the instrument's.
    statuses = [caller_of(cast, first).post(BEAT, {}).status_code]
    throttling._limiter.cache_clear()
    statuses += [caller_of(cast, first).post(BEAT, {}).status_code for _ in range(2)]
    assert statuses == [200, 200, 429]
    refused = caller_of(cast, first).post(BEAT, {})
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["status"] == 429
    assert refused.json()["code"] == "throttled"
    assert 1 <= int(refused["Retry-After"]) <= 61
    assert caller_of(cast, second).post(BEAT, {}).status_code == 200


@pytest.mark.usefixtures("two_a_minute")
def test_each_token_of_a_person_is_counted_by_itself(cast: Cast) -> None:
    one, other = Caller(cast.analyst), Caller(cast.analyst)
    assert [one.get("/runs/").status_code for _ in range(3)] == [200, 200, 429]
    assert other.get("/runs/").status_code == 200


@pytest.mark.usefixtures("two_a_minute")
def test_without_redis_nobody_is_refused(cast: Cast, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    caller = caller_of(cast, make_instrument(cast))
    assert {caller.post(BEAT, {}).status_code for _ in range(4)} == {200}
