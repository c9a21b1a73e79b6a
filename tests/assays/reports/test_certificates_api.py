"""Certificates over REST: asked for, fetched, listed, amended, withdrawn; each caller sees what is theirs."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client

from assays.models import Submission
from assays.reports.models import Certificate
from assays.reports.services import request_certificate, standing_of
from lims.accounts.models import ApiToken
from lims.accounts.tokens import issue_token
from lims.core.files import file_name
from lims.jobs.models import Job
from tests.factories.people import PASSWORD, Cast
from tests.factories.release import finish, make_amended, make_authorised, make_issued

LIST = "/api/v1/certificates/"


class Caller:
    """Somebody with a token of their own."""

    def __init__(self, user: Any) -> None:
        _, token = issue_token(ApiToken, by=user, name="test", user=user)
        self.client, self.headers = Client(), {"authorization": f"Token {token}"}

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers=self.headers | headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.client.post(path, data=body or {}, content_type="application/json", headers=self.headers | headers)


def detail(certificate: Certificate, tail: str = "") -> str:
    return f"{LIST}{certificate.number}/{tail}"


def test_asking_answers_202_with_number_job_and_address_then_the_job_makes_it(cast: Cast) -> None:
    submission, signatory = make_authorised(cast, 2), Caller(cast.signatory)
    answer = signatory.post(LIST, {"submission": submission.code})
    assert answer.status_code == 202
    body = answer.json()
    assert answer["Location"] == f"{LIST}{body['number']}/"
    assert body["status"] == "making"
    assert body["job"]["state"] == "queued"
    assert body["verify_url"].startswith("http")
    assert (body["issued_at"], body["snapshot_sha256"], body["pdf_url"]) == (None, None, None)
    assert signatory.get(body["job"]["url"]).json()["state"] == "queued"

    certificate = finish(Certificate.objects.get())
    made = signatory.get(answer["Location"]).json()
    assert (made["status"], made["job"]) == ("issued", None)
    assert made["snapshot_sha256"] == certificate.snapshot.sha256
    assert made["pdf_sha256"] == certificate.artefacts.get().sha256
    assert len(made["samples"]) == 2
    assert [event["status"] for event in made["history"]] == ["issued"]
    done = signatory.get(body["job"]["url"]).json()
    assert (done["state"], done["progress"]) == ("done", 1.0)
    assert done["result_url"].endswith(f"/certificates/{certificate.number}/")


def test_same_key_asks_once(cast: Cast, authorised: Submission) -> None:
    signatory = Caller(cast.signatory)
    key = {"idempotency-key": "certificate-1"}
    first = signatory.post(LIST, {"submission": authorised.code}, **key)
    again = signatory.post(LIST, {"submission": authorised.code}, **key)
    assert first.json() == again.json()
    assert again["Idempotent-Replay"] == "true"
    assert (Certificate.objects.count(), Job.objects.count()) == (1, 1)


def test_chosen_samples_are_named_by_blind_code(cast: Cast) -> None:
    submission = make_authorised(cast, 2)
    sample = submission.tests.first().sample
    answer = Caller(cast.signatory).post(LIST, {"submission": submission.code, "samples": [sample.blind_code]})
    assert answer.json()["samples"] == [sample.blind_code]


def test_nothing_authorised_is_409_with_the_blockers(cast: Cast) -> None:
    from tests.factories import bench

    submission = bench.make_submission(cast, bench.make_received_samples(cast))
    answer = Caller(cast.signatory).post(LIST, {"submission": submission.code})
    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"
    assert [error["code"] for error in answer.json()["errors"]] == ["nothing_authorised"]


@pytest.mark.parametrize("body", [{}, {"submission": 7}, {"submission": "SUB-1", "pages": 2}, {"submission": "x", "samples": "B-1"}])
def test_wrong_bodies_are_422(cast: Cast, body: dict[str, Any]) -> None:
    assert Caller(cast.signatory).post(LIST, body).status_code in {404, 422}
    assert not Certificate.objects.exists()


def test_pdf_is_the_stored_bytes(cast: Cast, certificate: Certificate) -> None:
    answer = Caller(cast.official).get(detail(certificate, "pdf/"), accept="application/pdf")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="{certificate.number}.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert hashlib.sha256(answer.content).hexdigest() == certificate.artefacts.get().sha256
    inline = Caller(cast.official).get(detail(certificate, "pdf/?inline=1"))
    assert inline["Content-Disposition"].startswith("inline")


def test_data_are_the_exact_bytes_that_were_hashed(cast: Cast, certificate: Certificate) -> None:
    answer = Caller(cast.collector).get(detail(certificate, "data/"))
    assert answer["Content-Type"] == "application/json"
    assert hashlib.sha256(answer.content).hexdigest() == certificate.snapshot.sha256
    assert answer.json()["number"] == certificate.number


def test_files_are_409_while_it_is_being_made(cast: Cast) -> None:
    certificate = request_certificate(submission=make_authorised(cast), by=cast.signatory)
    for tail in ["pdf/", "data/"]:
        answer = Caller(cast.signatory).get(detail(certificate, tail), accept="application/pdf")
        assert (answer.status_code, answer.json()["code"]) == (409, "not_made")


def test_paper_altered_on_disk_is_never_handed_out(cast: Cast) -> None:
    certificate = make_issued(cast)
    with default_storage.open(file_name("certificates", certificate.artefacts.get().sha256), "ab") as file:
        file.write(b"%")
    answer = Caller(cast.official).get(detail(certificate, "pdf/"))
    assert answer.status_code == 409
    assert answer.json()["code"] == "file_altered"
    default_storage.delete(file_name("certificates", certificate.artefacts.get().sha256))


def test_amending_and_withdrawing(cast: Cast, certificate: Certificate) -> None:
    signatory = Caller(cast.signatory)
    answer = signatory.post(detail(certificate, "amend/"), {"reason": "Corrected"})
    assert answer.status_code == 202
    amendment = finish(Certificate.objects.get(number=answer.json()["number"]))
    old, new = signatory.get(detail(certificate)).json(), signatory.get(detail(amendment)).json()
    assert (old["status"], old["replaced_by"]) == ("superseded", amendment.number)
    assert (new["status"], new["replaces"], new["reason"]) == ("issued", certificate.number, "Corrected")

    wrong = signatory.post(detail(amendment, "withdraw/"), {"reason": "Swapped", "password": "guess"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "password")
    right = signatory.post(detail(amendment, "withdraw/"), {"reason": "Swapped", "password": PASSWORD})
    assert (right.status_code, right.json()["status"]) == (200, "withdrawn")
    again = signatory.post(detail(amendment, "withdraw/"), {"reason": "Swapped", "password": PASSWORD})
    assert (again.status_code, again.json()["code"]) == (409, "not_in_force")


def test_what_could_not_be_made_says_why_and_can_be_tried_again(cast: Cast) -> None:
    from lims.jobs.services import run_job
    from samples.services.holding import hold_sample, release_hold

    submission, signatory = make_authorised(cast), Caller(cast.signatory)
    certificate = request_certificate(submission=submission, by=cast.signatory)
    hold = hold_sample(sample=submission.tests.get().sample, kind="quality", reason="Confirm", by=cast.quality_manager)
    run_job(certificate.job_id)
    failed = signatory.get(detail(certificate)).json()
    assert (failed["status"], failed["job"]["state"]) == ("failed", "failed")
    assert "on hold" in failed["job"]["message"]
    release_hold(hold=hold, reason="Confirmed", by=cast.quality_manager)
    assert signatory.post(detail(certificate, "retry/")).status_code == 202
    assert standing_of(finish(certificate)) == "issued"


def test_list_filters_pages_and_exports(cast: Cast, certificate: Certificate) -> None:
    new, official = make_amended(cast, certificate), Caller(cast.official)
    body = official.get(f"{LIST}?count=1&page_size=1").json()
    assert (body["count"], [one["number"] for one in body["results"]]) == (2, [new.number])
    assert [one["number"] for one in official.client.get(body["next"], headers=official.headers).json()["results"]] == [certificate.number]

    sample = certificate.samples.get().sample
    for query, found in {
        "status=issued": [new],
        "status=superseded": [certificate],
        f"q={certificate.number[:7]}": [new, certificate],
        f"sample={sample.code}": [new, certificate],
        f"submission={certificate.submission.code}": [new, certificate],
        "laboratory=LAB": [new, certificate],
        "laboratory=OTHER_LAB": [],
        "customer=irel": [new, certificate],
        "issued_after=2100-01-01": [],
        "issued_before=2100-01-01": [new, certificate],
    }.items():
        assert [one["number"] for one in official.get(f"{LIST}?{query}").json()["results"]] == [one.number for one in found], query
    assert official.get(f"{LIST}?status=perfect").status_code == 422
    lines = b"".join(official.get(LIST, accept="text/csv").streaming_content).decode().splitlines()
    assert lines[0].startswith("number,status,laboratory")
    assert [line.split(",")[0] for line in lines[1:]] == [new.number, certificate.number]


def test_list_costs_the_same_for_one_certificate_and_for_several(cast: Cast, django_assert_num_queries: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    official = Caller(cast.official)
    make_issued(cast)
    official.get(LIST)  # notes when the token was last used
    with CaptureQueriesContext(connection) as one:
        official.get(LIST)
    make_amended(cast, Certificate.objects.get())
    make_issued(cast)
    with django_assert_num_queries(len(one)):
        official.get(LIST)
    assert len(one) <= 4


PERSONAS = {"signatory": 200, "analyst": 200, "collector": 200, "official": 200, "custodian": 403, "administrator": 403}


def test_who_may_see_a_certificate(cast: Cast, certificate: Certificate) -> None:
    for role, status in PERSONAS.items():
        for tail in ["", "pdf/", "data/"]:
            assert Caller(cast.people[role]).get(detail(certificate, tail)).status_code == status, (role, tail)


def test_another_house_does_not_see_that_it_exists(cast: Cast, certificate: Certificate) -> None:
    for role in ["signatory", "analyst", "collector"]:
        outsider = Caller(cast.outsiders[role])
        for tail in ["", "pdf/", "data/"]:
            assert outsider.get(detail(certificate, tail)).status_code == 404, (role, tail)
        assert outsider.get(f"{LIST}?count=1").json()["count"] == 0


def test_another_laboratorys_signatory_can_do_nothing_to_it(cast: Cast) -> None:
    submission = make_authorised(cast, 2)
    chosen = submission.tests.first().sample_id
    certificate = finish(request_certificate(submission=submission, samples=[chosen], by=cast.signatory))
    outsider = Caller(cast.outsiders["signatory"])
    assert outsider.post(LIST, {"submission": submission.code}).status_code == 404
    assert outsider.post(detail(certificate, "amend/"), {"reason": "x"}).status_code == 404
    assert outsider.post(detail(certificate, "withdraw/"), {"reason": "x", "password": PASSWORD}).status_code == 404
    assert standing_of(certificate) == "issued"


def test_wrong_roles_are_refused_before_anything_is_read(cast: Cast, certificate: Certificate) -> None:
    analyst = Caller(cast.analyst)
    assert analyst.post(LIST, {"submission": certificate.submission.code}).status_code == 403
    assert analyst.post(detail(certificate, "amend/"), {"reason": "x"}).status_code == 403
    assert analyst.post(detail(certificate, "withdraw/"), {"reason": "x", "password": PASSWORD}).status_code == 403
    assert analyst.post(detail(certificate, "retry/")).status_code == 403


def test_nobody_without_a_token(cast: Cast) -> None:
    assert Client().get(LIST).status_code == 401


def test_collector_reads_own_codes_and_the_laboratory_blind_ones(cast: Cast, certificate: Certificate) -> None:
    sample = certificate.samples.get().sample
    assert Caller(cast.collector).get(detail(certificate)).json()["samples"] == [sample.code]
    assert Caller(cast.analyst).get(detail(certificate)).json()["samples"] == [sample.blind_code]


def test_numbers_with_strange_characters_are_simply_not_there(cast: Cast) -> None:
    assert Caller(cast.official).get(f"{LIST}%00/").status_code == 404
