"""What the demonstration promises: every state, both ends of quality control, an amendment, and a clean ledger."""

from __future__ import annotations

from django.core.management import call_command

from assays.models import Run, SubmissionTest
from assays.reports.models import Certificate, CertificateStatus
from lims.accounts.models import Organisation
from lims.core.models import Installation
from samples.models import Mine, Sample


def test_it_is_marked_synthetic_for_ever(demonstration: str) -> None:
    assert Installation.current().synthetic


def test_it_has_the_size_and_the_states_that_were_promised(demonstration: str) -> None:
    assert Mine.objects.count() == 8
    assert Sample.objects.count() >= 300
    assert Organisation.objects.filter(kind="laboratory").count() == 3
    states = set(Sample.objects.values_list("state", flat=True))
    assert states >= {"collected", "packed", "in_transit", "received", "in_preparation", "in_analysis", "reported", "refused", "lost"}
    assert Sample.objects.filter(on_hold=True).exists()
    assert Sample.objects.filter(has_open_discrepancy=True).exists()
    runs = set(Run.objects.values_list("state", flat=True))
    assert runs >= {"planned", "qc_passed", "qc_failed", "reviewed", "authorised", "sent_back"}
    assert set(SubmissionTest.objects.values_list("state", flat=True)) >= {
        "requested",
        "prepared",
        "in_run",
        "measured",
        "reviewed",
        "authorised",
        "certified",
    }


def test_one_certificate_was_amended(demonstration: str) -> None:
    amended = Certificate.objects.get(replaces__isnull=False)
    assert set(CertificateStatus.objects.filter(certificate=amended.replaces).values_list("status", flat=True)) == {"issued", "superseded"}


def test_its_ledger_is_clean(demonstration: str) -> None:
    call_command("verify_custody", verbosity=0)


def test_building_it_again_changes_nothing(demonstration: str) -> None:
    before = Sample.objects.count()
    call_command("build_demo", verbosity=0)
    assert Sample.objects.count() == before
