"""Certificates as custody dossiers name them."""

from __future__ import annotations

import pytest

from assays.reports.frame import certificate_files
from assays.reports.services import request_certificate
from samples.models import Sample
from tests.factories import release
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db


def test_a_dossier_names_the_certificates_its_reader_may_see(cast: Cast) -> None:
    certificate = release.finish(request_certificate(submission=release.make_authorised(cast), by=cast.signatory))
    samples = list(Sample.objects.filter(certificates__certificate=certificate))

    [row] = certificate_files(samples, cast.analyst)
    assert (row["kind"], row["name"], row["sha256"]) == ("certificate", certificate.number, certificate.artefacts.get().sha256)
    assert row["about"] == ", ".join(sorted(sample.blind_code for sample in samples))
    assert certificate_files(samples, cast.custodian) == []
    assert certificate_files(samples, cast.outsiders["collector"]) == []
