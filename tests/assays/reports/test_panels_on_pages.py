"""What certificates and grades add to the pages of submissions and samples."""

from __future__ import annotations

from django.test import Client

from assays.models import Submission
from assays.reports.services import request_certificate
from tests.factories.people import Cast
from tests.factories.release import make_issued


def page(user: object, path: str) -> str:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_signatory_finds_the_step_on_the_submission_and_then_its_reason_why_not(cast: Cast, authorised: Submission) -> None:
    address = f"/submissions/{authorised.code}/"
    assert f'action="/certificates/issue/{authorised.code}/"' in page(cast.signatory, address)
    assert "/certificates/issue/" not in page(cast.analyst, address)
    certificate = request_certificate(submission=authorised, by=cast.signatory)
    shown = page(cast.signatory, address)
    assert f"/certificates/{certificate.number}/" in shown
    assert "is being made over these samples" in shown
    assert "/certificates/issue/" not in shown


def test_grades_stand_on_the_samples_page(cast: Cast) -> None:
    sample = make_issued(cast).samples.get().sample
    for user in [cast.official, cast.collector]:
        shown = page(user, f"/samples/{sample.code}/")
        assert "Dy₂O₃" in shown
        assert "42.0" in shown
        assert "La₂O₃ + CeO₂" in shown
    assert "Dy₂O₃" not in page(cast.administrator, f"/samples/{sample.code}/")
