"""Instruments: listed by laboratory, kept by the administrator, their tokens shown once."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from assays.instruments.models import Instrument, InstrumentToken
from lims.core import clock
from tests.factories.bench import make_instrument
from tests.factories.browsing import sign_in, text_of
from tests.factories.callers import InstrumentCaller
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db


def test_the_administrator_makes_a_token_that_is_shown_once(cast: Cast) -> None:
    make_instrument(cast)
    administrator = sign_in(cast.administrator)
    answer = administrator.post("/instruments/ICPMS-1/tokens/", {"name": "MassHunter console"})
    found = re.search(r"i_[\w-]{40,}", text_of(answer))
    assert found
    assert answer["Cache-Control"] == "no-store"
    assert found[0] not in text_of(administrator.get("/instruments/ICPMS-1/"))
    assert InstrumentCaller(found[0]).get("/instruments/me/worklist/").status_code == 200
    token = InstrumentToken.objects.get()
    administrator.post(f"/instruments/ICPMS-1/tokens/{token.pk}/revoke/")
    assert InstrumentCaller(found[0]).get("/instruments/me/worklist/").status_code == 401


def test_a_token_needs_a_name_and_a_day_to_come(cast: Cast) -> None:
    make_instrument(cast)
    administrator = sign_in(cast.administrator)
    assert administrator.post("/instruments/ICPMS-1/tokens/", {"name": ""}).status_code == 422
    past = administrator.post("/instruments/ICPMS-1/tokens/", {"name": "console", "expires_on": "2020-01-01"})
    assert (past.status_code, "would have expired already" in text_of(past)) == (422, True)
    assert not InstrumentToken.objects.exists()


def test_a_token_of_another_instrument_is_not_revoked_here(cast: Cast) -> None:
    make_instrument(cast)
    make_instrument(cast, "ICPMS-2")
    administrator = sign_in(cast.administrator)
    administrator.post("/instruments/ICPMS-2/tokens/", {"name": "console"})
    administrator.post(f"/instruments/ICPMS-1/tokens/{InstrumentToken.objects.get().pk}/revoke/")
    assert InstrumentToken.objects.get().revoked_at is None


def test_a_new_instrument_has_a_code_of_its_own(cast: Cast) -> None:
    make_instrument(cast)
    administrator = sign_in(cast.administrator)
    body = {"code": "ICPMS-9", "name": "NexION 5000", "laboratory": cast.organisations["lab"].pk, "technique": "ICP-MS", "serial": "N5-17"}
    assert administrator.post("/instruments/new/", body).headers["Location"] == "/instruments/ICPMS-9/"
    taken = administrator.post("/instruments/new/", body | {"code": "ICPMS-1"})
    assert (taken.status_code, "There is an instrument ICPMS-1 already" in text_of(taken)) == (422, True)
    assert Instrument.objects.count() == 2


def test_an_instrument_is_taken_out_of_use_with_a_reason(cast: Cast) -> None:
    instrument = make_instrument(cast)
    administrator = sign_in(cast.administrator)
    assert administrator.post("/instruments/ICPMS-1/use/", {"reason": ""}).status_code == 422
    administrator.post("/instruments/ICPMS-1/use/", {"reason": "torch box under repair"})
    instrument.refresh_from_db()
    assert not instrument.active
    assert "out of use" in text_of(administrator.get("/instruments/"))


def test_the_quality_manager_records_the_calibration(cast: Cast) -> None:
    instrument = make_instrument(cast)
    manager = sign_in(cast.quality_manager)
    day = clock.today() + timedelta(days=90)
    assert manager.post("/instruments/ICPMS-1/calibration/", {"calibration_due": "2020-01-01"}).status_code == 422
    manager.post("/instruments/ICPMS-1/calibration/", {"calibration_due": day.isoformat()})
    instrument.refresh_from_db()
    assert instrument.calibration_due == day


def test_an_overdue_calibration_shows(cast: Cast) -> None:
    make_instrument(cast, calibration_due=clock.today() - timedelta(days=1))
    assert "overdue" in text_of(sign_in(cast.analyst).get("/instruments/"))


def test_only_the_administrator_keeps_instruments(cast: Cast) -> None:
    make_instrument(cast)
    for role in ["analyst", "reviewer", "quality_manager", "technician"]:
        person = sign_in(cast.people[role])
        page = person.get("/instruments/ICPMS-1/")
        assert page.status_code == 200, role
        assert "Make a token" not in text_of(page), role
        for path in ("/instruments/new/", "/instruments/ICPMS-1/tokens/", "/instruments/ICPMS-1/use/"):
            assert person.post(path, {"name": "x", "reason": "x"}).status_code == 403, (role, path)
        if role != "quality_manager":
            assert person.post("/instruments/ICPMS-1/calibration/", {}).status_code == 403, role


def test_another_laboratorys_instrument_is_not_there(cast: Cast) -> None:
    make_instrument(cast)
    outsider = sign_in(cast.outsiders["quality_manager"])
    assert outsider.get("/instruments/ICPMS-1/").status_code == 404
    assert outsider.post("/instruments/ICPMS-1/calibration/", {"calibration_due": "2099-01-01"}).status_code == 404
    assert "ICPMS-1" not in text_of(outsider.get("/instruments/"))


def test_who_measures_nothing_sees_no_instruments(cast: Cast) -> None:
    make_instrument(cast)
    for role in ["collector", "custodian"]:
        assert sign_in(cast.people[role]).get("/instruments/").status_code == 403, role
