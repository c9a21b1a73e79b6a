"""A certificate is never changed: it is replaced by an amendment that says what differs, or taken out of force by signature."""

from __future__ import annotations

import pytest

from assays.models import Submission
from assays.reports.content import read_content
from assays.reports.models import Certificate, CertificateStatus
from assays.reports.services import amend_certificate, request_certificate, standing_of, withdraw_certificate
from lims.accounts.models import Signature
from lims.accounts.signing import content_hash
from lims.core.errors import Blocked, Forbidden, Invalid
from tests.factories.people import PASSWORD, Cast
from tests.factories.release import finish, make_amended, make_issued, remeasure, without


def test_amendment_supersedes_when_it_is_in_force_not_before(cast: Cast, certificate: Certificate) -> None:
    new = amend_certificate(certificate=certificate, reason="Dilution corrected.", by=cast.quality_manager)
    assert (standing_of(certificate), standing_of(new)) == ("issued", "making")
    finish(new)
    assert (standing_of(certificate), standing_of(new)) == ("superseded", "issued")
    assert certificate.statuses.get(status="superseded").reason == "Dilution corrected."


def test_amendment_says_what_it_replaces_why_and_what_differs(cast: Cast, certificate: Certificate) -> None:
    new = make_amended(cast, certificate, without(Dy="48.4"), "Dilution corrected.")
    amendment = read_content(new).amendment
    assert amendment is not None
    assert (amendment.of_number, amendment.reason) == (certificate.number, "Dilution corrected.")
    changes = {change.what.split(", ")[1]: (change.before, change.after) for change in amendment.changes}
    assert changes["Dy"] == ("36.6 ± 3.7 mg/kg dry", "48.4 ± 4.8 mg/kg dry")
    assert set(changes) == {"Dy", "TREO", "HREO", "MREO"}


def test_amendment_with_the_same_results_lists_what_else_changed(cast: Cast, certificate: Certificate) -> None:
    certificate.submission.customer.name = "Midwest Advanced Materials Pvt Ltd"
    certificate.submission.customer.save()
    new = finish(amend_certificate(certificate=certificate, reason="Name of the customer corrected.", by=cast.signatory))
    amendment = read_content(new).amendment
    assert amendment is not None
    assert [change.what for change in amendment.changes] == ["Customer"]


def test_paper_of_the_old_certificate_is_kept(cast: Cast, certificate: Certificate) -> None:
    snapshot, paper = certificate.snapshot.sha256, certificate.artefacts.get().sha256
    make_amended(cast, certificate)
    certificate = Certificate.objects.get(pk=certificate.pk)
    assert (certificate.snapshot.sha256, certificate.artefacts.get().sha256) == (snapshot, paper)


def test_one_amendment_at_a_time(cast: Cast, certificate: Certificate) -> None:
    amend_certificate(certificate=certificate, reason="First", by=cast.signatory)
    with pytest.raises(Blocked) as refusal:
        amend_certificate(certificate=certificate, reason="Second", by=cast.signatory)
    assert refusal.value.code == "amended_already"
    assert Certificate.objects.count() == 2


def test_amendment_can_itself_be_amended_but_the_superseded_one_cannot(cast: Cast, certificate: Certificate) -> None:
    new = make_amended(cast, certificate)
    with pytest.raises(Blocked) as refusal:
        amend_certificate(certificate=certificate, reason="Again", by=cast.signatory)
    assert refusal.value.code == "not_in_force"
    assert standing_of(make_amended(cast, new, without(Dy="39.0"))) == "issued"


def test_quality_manager_amends_over_results_of_a_sample_still_in_analysis(cast: Cast, certificate: Certificate) -> None:
    sample = certificate.samples.get().sample
    remeasure(cast, certificate.submission, [without(Dy="38.4")])
    sample.state = "in_analysis"
    sample.save(update_fields=["state"])
    finish(amend_certificate(certificate=certificate, reason="Measured again", by=cast.quality_manager))
    sample.refresh_from_db()
    assert sample.state == "reported"


def test_amending_and_withdrawing_are_for_signatory_and_quality_manager(cast: Cast, certificate: Certificate) -> None:
    for role in ["analyst", "reviewer", "official", "collector"]:
        with pytest.raises(Forbidden):
            amend_certificate(certificate=certificate, reason="x", by=cast.people[role])
        with pytest.raises(Forbidden):
            withdraw_certificate(certificate=certificate, reason="x", password=PASSWORD, by=cast.people[role])
    assert standing_of(certificate) == "issued"


def test_withdrawal_is_signed_over_number_snapshot_and_reason(cast: Cast, certificate: Certificate) -> None:
    event = withdraw_certificate(certificate=certificate, reason=" Wrong sample ", password=PASSWORD, by=cast.quality_manager)
    assert standing_of(certificate) == "withdrawn"
    expected = {"act": "withdraw", "certificate": certificate.number, "snapshot": certificate.snapshot.sha256, "reason": "Wrong sample"}
    assert event.signature is not None
    assert event.signature.content_hash == content_hash(expected)
    assert event.signature.meaning == "withdrawal"


def test_wrong_password_withdraws_nothing(cast: Cast, certificate: Certificate) -> None:
    signed = Signature.objects.count()
    with pytest.raises(Invalid, match="password"):
        withdraw_certificate(certificate=certificate, reason="Wrong sample", password="guess", by=cast.signatory)
    assert standing_of(certificate) == "issued"
    assert (Signature.objects.count(), CertificateStatus.objects.count()) == (signed, 1)


def test_a_decision_without_reason_is_refused_at_its_field(cast: Cast, certificate: Certificate) -> None:
    for reason in ["", "   "]:
        with pytest.raises(Invalid) as amending:
            amend_certificate(certificate=certificate, reason=reason, by=cast.signatory)
        with pytest.raises(Invalid) as withdrawing:
            withdraw_certificate(certificate=certificate, reason=reason, password=PASSWORD, by=cast.signatory)
        for refusal in [amending, withdrawing]:
            assert [problem.pointer for problem in refusal.value.problems] == ["/reason"]
    assert standing_of(certificate) == "issued"


def test_withdrawn_certificate_is_not_withdrawn_twice_and_makes_room_for_a_new_one(cast: Cast, authorised: Submission) -> None:
    certificate = make_issued(cast, authorised)
    withdraw_certificate(certificate=certificate, reason="Wrong sample", password=PASSWORD, by=cast.signatory)
    with pytest.raises(Blocked):
        withdraw_certificate(certificate=certificate, reason="Again", password=PASSWORD, by=cast.signatory)
    new = finish(request_certificate(submission=authorised, by=cast.signatory))
    assert (standing_of(certificate), standing_of(new)) == ("withdrawn", "issued")
