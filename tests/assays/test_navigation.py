"""The scan box opens submissions, runs and aliquots, within scope."""

from __future__ import annotations

from django.urls import reverse

from assays.models import Aliquot, Submission
from assays.services.planning import cancel_run
from lims.core.panels import resolve_scan
from tests.factories.bench import make_planned_run


def test_codes_open_their_pages(cast):
    run = make_planned_run(cast, 1)
    submission, aliquot = Submission.objects.get(), Aliquot.objects.first()
    tray = reverse("assays:run", args=[run.code])
    page = reverse("assays:submission", args=[submission.code])
    assert resolve_scan(submission.code, cast.technician) == page
    assert resolve_scan(run.code, cast.technician) == tray
    assert resolve_scan(aliquot.code, cast.technician) == tray
    cancel_run(run=run, reason="dropped", by=cast.analyst)
    assert resolve_scan(aliquot.code, cast.technician) == reverse("assays:aliquot", args=[aliquot.code])


def test_codes_of_another_laboratory_and_of_another_role_open_nothing(cast):
    run = make_planned_run(cast, 1)
    codes = [Submission.objects.get().code, run.code, Aliquot.objects.first().code]
    for code in codes:
        assert resolve_scan(code, cast.outsiders["technician"]) is None
        assert resolve_scan(code, cast.custodian) is None
    assert resolve_scan(run.code, cast.collector) is None
    assert resolve_scan(codes[0], cast.collector) == reverse("assays:submission", args=[codes[0]])
