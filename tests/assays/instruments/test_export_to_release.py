"""An export as the demonstration writes it, through both doors, to released results: the numbers are right to the last digit."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from assays.models import ResultVersion, Run
from tests.factories.bench import grant_competence
from tests.factories.browsing import sign_in, text_of
from tests.factories.callers import Caller, InstrumentCaller
from tests.factories.measurement import make_export, make_instrument_token
from tests.factories.people import PASSWORD, Cast

pytestmark = pytest.mark.django_db


def through_the_form(cast: Cast, run: Run, data: bytes) -> None:
    file = SimpleUploadedFile("batch.xlsx", data)
    answer = sign_in(cast.analyst).post("/uploads/new/", {"instrument": run.instrument.code, "file": file}, follow=True)
    assert "the readings are recorded" in text_of(answer)


def through_the_api(cast: Cast, run: Run, data: bytes) -> None:
    answer = InstrumentCaller(make_instrument_token(cast, run.instrument)).send_form(data)
    assert answer.json()["state"] == "recorded"


@pytest.mark.parametrize("door", [through_the_form, through_the_api])
def test_a_file_is_measured_reviewed_and_released(cast: Cast, planned: Run, door: Callable[[Cast, Run, bytes], None]) -> None:
    assert set(planned.positions.values_list("kind", flat=True)) == {"blank", "reference", "sample", "duplicate"}
    door(cast, planned, make_export(planned))
    planned.refresh_from_db()
    assert planned.state == "qc_passed"
    grant_competence(cast, cast.reviewer, "review")
    grant_competence(cast, cast.signatory, "authorise")
    assert Caller(cast.reviewer).post(f"/runs/{planned.code}/review/", {"decision": "approve", "password": PASSWORD}).status_code == 200
    assert Caller(cast.signatory).post("/results/authorise/", {"run": planned.code, "password": PASSWORD}).status_code == 200

    # By hand, position 3: the file says 35.1 ppb Dy and 5.72 ppb Tb with the dilution of 20 in them; the blank 0.018 and 0.003 ppb.
    # Dy (35.1 - 0.018) µg/L · 0.1 L / 0.1 g / 0.8 = 43.8525 mg/kg; Tb (5.72 - 0.003) / 0.8 = 7.14625 mg/kg; U = 10 % of each.
    expected = {"Dy": (Decimal("43.8525"), "43.9", "4.4"), "Tb": (Decimal("7.14625"), "7.15", "0.71")}
    for symbol, (value, text, uncertainty) in expected.items():
        version = ResultVersion.objects.get(reduction__run=planned, position__number=3, result__analyte__symbol=symbol)
        assert (version.value, version.text, version.uncertainty_text) == (value, text, uncertainty)
        assert (version.unit, version.basis, version.result.authorised_id) == ("mg/kg", "dry", version.pk)
