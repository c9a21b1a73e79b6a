"""Pages of certificates: what each persona sees and may do."""

from __future__ import annotations

from typing import Any

from django.test import Client

from assays.models import Submission
from assays.reports.frame import find_certificate, grade_panel, submission_panel
from assays.reports.models import Certificate
from assays.reports.services import amend_certificate, request_certificate, standing_of
from tests.factories.people import PASSWORD, Cast
from tests.factories.release import finish, make_amended, make_authorised, make_issued, make_reviewed_run, without


def visit(user: Any, path: str) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(path)


def submit(user: Any, path: str, **fields: str) -> Any:
    client = Client()
    client.force_login(user)
    return client.post(path, fields)


def page_of(certificate: Certificate, tail: str = "") -> str:
    return f"/certificates/{certificate.number}/{tail}"


def test_page_shows_standing_hashes_signatures_and_the_paper(cast: Cast, certificate: Certificate) -> None:
    page = visit(cast.official, page_of(certificate)).content.decode()
    for words in [
        certificate.number,
        "in force",
        certificate.snapshot.sha256,
        certificate.artefacts.get().sha256,
        cast.signatory.full_name,
        page_of(certificate, "pdf/"),
        "/verify/",
    ]:
        assert words in page
    assert "Withdraw" not in page


def test_page_of_an_amendment_shows_the_difference_and_the_old_one_where_to_go(cast: Cast, certificate: Certificate) -> None:
    new = make_amended(cast, certificate)
    page = visit(cast.signatory, page_of(new)).content.decode()
    assert "<del>36.6 ± 3.7 mg/kg dry</del>" in page
    assert "<ins>38.4 ± 3.8 mg/kg dry</ins>" in page
    replaced = visit(cast.signatory, page_of(certificate)).content.decode()
    assert "superseded" in replaced
    assert page_of(new) in replaced


def test_page_moves_with_the_job_while_it_is_made(cast: Cast) -> None:
    certificate = request_certificate(submission=make_authorised(cast), by=cast.signatory)
    page = visit(cast.signatory, page_of(certificate)).content.decode()
    assert f'hx-get="/jobs/{certificate.job_id}/progress/"' in page
    assert "Download" not in page
    finish(certificate)
    progress = visit(cast.signatory, f"/jobs/{certificate.job_id}/progress/").content.decode()
    assert page_of(certificate) in progress
    assert "Download" in visit(cast.signatory, page_of(certificate)).content.decode()


def test_paper_asked_for_too_early_leads_back_with_a_sentence(cast: Cast) -> None:
    certificate = request_certificate(submission=make_authorised(cast), by=cast.signatory)
    answer = visit(cast.signatory, page_of(certificate, "pdf/"))
    assert (answer.status_code, answer["Location"]) == (302, page_of(certificate))


def test_signatory_issues_from_the_submission(cast: Cast, authorised: Submission) -> None:
    answer = submit(cast.signatory, f"/certificates/issue/{authorised.code}/")
    certificate = Certificate.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, page_of(certificate))
    assert submit(cast.analyst, f"/certificates/issue/{authorised.code}/").status_code == 403
    assert submit(cast.outsiders["signatory"], f"/certificates/issue/{authorised.code}/").status_code == 404
    assert visit(cast.signatory, f"/certificates/issue/{authorised.code}/").status_code == 405


def test_panel_of_the_submission_shows_its_certificates_and_why_none_can_be_issued(cast: Cast, certificate: Certificate) -> None:
    for_signatory = submission_panel(certificate.submission, cast.signatory)
    assert for_signatory is not None
    assert [one.number for one, _ in for_signatory["rows"]] == [certificate.number]
    assert [blocker.code for blocker in for_signatory["blockers"]] == ["certified_already"]
    for_analyst = submission_panel(certificate.submission, cast.analyst)
    assert for_analyst is not None
    assert not for_analyst["may_issue"]
    assert submission_panel(certificate.submission, cast.custodian) is None


def test_amending_shows_what_would_change_before_it_is_asked_for(cast: Cast) -> None:
    from tests.factories.release import remeasure

    certificate = make_issued(cast)
    remeasure(cast, certificate.submission, [without(Dy="38.4")])
    page = visit(cast.signatory, page_of(certificate, "amend/")).content.decode()
    assert "<ins>38.4 ± 3.8 mg/kg dry</ins>" in page
    assert standing_of(certificate) == "issued"
    answer = submit(cast.signatory, page_of(certificate, "amend/"), reason="Corrected")
    amendment = Certificate.objects.get(replaces=certificate)
    assert answer["Location"] == page_of(amendment)


def test_amending_without_reason_stays_on_the_page(cast: Cast, certificate: Certificate) -> None:
    answer = submit(cast.signatory, page_of(certificate, "amend/"), reason="")
    assert answer.status_code == 422
    assert not Certificate.objects.filter(replaces=certificate).exists()


def test_blocked_decisions_stand_there_with_their_reason(cast: Cast, certificate: Certificate) -> None:
    amendment = amend_certificate(certificate=certificate, reason="Corrected", by=cast.signatory)
    page = visit(cast.signatory, page_of(certificate)).content.decode()
    assert f"An amendment of {certificate.number} is on its way: {amendment.number}" in page
    assert submit(cast.signatory, page_of(certificate, "amend/"), reason="Again").status_code == 409


def test_withdrawing_keeps_the_reason_when_the_password_is_wrong(cast: Cast, certificate: Certificate) -> None:
    wrong = submit(cast.signatory, page_of(certificate, "withdraw/"), reason="Samples were swapped", password="guess")
    assert wrong.status_code == 422
    assert "Samples were swapped" in wrong.content.decode()
    assert "guess" not in wrong.content.decode()
    assert standing_of(certificate) == "issued"
    right = submit(cast.signatory, page_of(certificate, "withdraw/"), reason="Samples were swapped", password=PASSWORD)
    assert right["Location"] == page_of(certificate)
    assert standing_of(certificate) == "withdrawn"
    assert "Samples were swapped" in visit(cast.official, page_of(certificate)).content.decode()


def test_list_finds_sorts_counts_and_exports(cast: Cast, certificate: Certificate) -> None:
    new = make_amended(cast, certificate)
    page = visit(cast.official, "/certificates/").content.decode()
    assert page.index(new.number) < page.index(certificate.number)
    assert "2 rows" in page
    narrowed = visit(cast.official, "/certificates/?status=superseded").content.decode()
    assert certificate.number in narrowed
    assert new.number not in narrowed
    answer = visit(cast.official, "/certificates/?format=csv&status=superseded")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 2
    assert lines[1].startswith(certificate.number)


def test_empty_list_says_how_one_comes_about(cast: Cast) -> None:
    assert "a signatory issues" in visit(cast.official, "/certificates/").content.decode()


def test_wrong_ordering_leads_back_instead_of_crashing(cast: Cast) -> None:
    assert visit(cast.official, "/certificates/?ordering=token").status_code == 302


def test_four_personas(cast: Cast, certificate: Certificate) -> None:
    decisions = {"amend/", "withdraw/"}
    for tail in ["", "pdf/", *decisions]:
        address = page_of(certificate, tail)
        assert visit(cast.signatory, address).status_code == 200
        assert visit(cast.quality_manager, address).status_code == 200
        assert visit(cast.analyst, address).status_code == (403 if tail in decisions else 200)
        assert visit(cast.outsiders["signatory"], address).status_code == 404
        assert visit(cast.custodian, address).status_code == 403
        assert Client().get(address).status_code == 302


def test_scanned_number_opens_the_page_of_who_may_see_it(cast: Cast, certificate: Certificate) -> None:
    assert find_certificate(certificate.number, cast.collector) == page_of(certificate)
    assert find_certificate(certificate.number, cast.outsiders["analyst"]) is None
    assert find_certificate(certificate.number, cast.custodian) is None
    assert find_certificate("S-26-00001-N", cast.official) is None


def test_grades_on_the_samples_page_show_drafts_only_to_those_who_may(cast: Cast) -> None:
    from tests.factories import bench

    submission = bench.make_submission(cast, bench.make_received_samples(cast))
    make_reviewed_run(cast, submission)
    sample = submission.tests.get().sample
    for_analyst, for_collector = grade_panel(sample, cast.analyst), grade_panel(sample, cast.collector)
    assert for_analyst is not None
    assert for_collector is not None
    assert bool(for_analyst["drafts"])
    assert not for_analyst["authorised"]
    assert not for_collector["drafts"]
    assert not for_collector["authorised"]
    assert grade_panel(sample, cast.custodian) is None
