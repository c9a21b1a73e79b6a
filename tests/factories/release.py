"""Authorised results and certificates. The bench is done through its services; readings are not invented here, so result versions are
written as a reduction would write them, and authorised by signature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from assays.chemistry.rounding import report
from assays.models import Reduction, Result, ResultVersion, Run, Submission, SubmissionTest
from assays.reports.models import Certificate
from assays.reports.services import amend_certificate, request_certificate
from assays.selectors.tray_plan import PlannedPosition
from assays.services.authorising import authorise_results
from assays.services.planning import plan_run
from assays.services.weighing import Portion, weigh_aliquots
from lims.core import clock
from lims.jobs.services import run_job
from samples.models import Sample
from tests.factories import bench
from tests.factories.people import PASSWORD, Cast

CLAY: Mapping[str, str] = {
    "La": "145.0",
    "Ce": "24.4",
    "Pr": "39.7",
    "Nd": "154.3",
    "Sm": "36.2",
    "Eu": "5.18",
    "Gd": "43.4",
    "Tb": "6.38",
    "Dy": "36.6",
    "Ho": "6.98",
    "Er": "20.1",
    "Tm": "2.63",
    "Yb": "16.7",
    "Lu": "2.20",
    "Y": "290.6",
    "Th": "38.2",
    "U": "5.9",
}
"""Contents of a clay of about 1,000 mg/kg TREO, in mg/kg dry."""


def without(*symbols: str, **changes: str) -> dict[str, str]:
    """The clay with elements left out or changed: `without("Lu", Tm="<0.05")`."""
    return {symbol: text for symbol, text in ({**CLAY} | changes).items() if symbol not in symbols}


def make_reviewed_run(
    cast: Cast, submission: Submission, contents: Sequence[Mapping[str, str]] = (CLAY,), *, method: str = "FUS-MS", drafts: bool = False
) -> Run:
    """A run over all requested tests of one method, reviewed; the samples take `contents` in turn. `drafts` leaves it unreviewed."""
    tests = submission.tests.filter(state="requested", method_version__method__code=method).order_by("sample__code")
    bench.make_prepared(cast, [test.sample for test in tests if not test.sample.preparations.exists()])
    laboratory = {"laboratory": submission.laboratory}
    portions = [Portion(test=test, mass_g=test.method_version.test_portion_g) for test in tests]
    aliquots = weigh_aliquots(portions=portions, by=cast.technician)
    bench.leach_portions(cast, aliquots)
    if not bench.Competence.objects.filter(user=cast.analyst, method_code=method).exists():
        bench.grant_competence(cast, cast.analyst, "measure", method)
    run = plan_run(
        instrument=bench.make_instrument(cast, **laboratory),
        method_version=bench.method_version(method),
        positions=[PlannedPosition(kind="sample", aliquot=aliquot) for aliquot in aliquots],
        by=cast.analyst,
    )
    store_results(run, contents, by=cast.analyst)
    state = "measured" if drafts else "reviewed"
    SubmissionTest.objects.filter(pk__in=[test.pk for test in tests]).update(state=state)
    run.state = "qc_passed" if drafts else "reviewed"
    run.save(update_fields=["state"])
    return run


def store_results(run: Run, contents: Sequence[Mapping[str, str]], *, by: Any) -> Reduction:
    """A new result version for every sample position, each with U = 10 % (k = 2); `contents` go round the samples in order of position."""
    number = run.reductions.count() + 1
    reduction = Reduction.objects.create(run=run, number=number, reduced_by=by, reduced_at=clock.now(), software="factory")
    analytes = {one.analyte.symbol: one for one in run.method_version.analytes.select_related("analyte")}
    positions = run.positions.filter(kind="sample").select_related("aliquot__test").order_by("number")
    for index, position in enumerate(positions):
        for symbol, text in contents[index % len(contents)].items():
            if symbol in analytes:
                _store_version(reduction, position, analytes[symbol], text, number)
    run.measured_at = clock.now()
    run.save(update_fields=["measured_at"])
    return reduction


def _store_version(reduction: Reduction, position: Any, analyte: Any, text: str, number: int) -> None:
    test, version = position.aliquot.test, reduction.run.method_version
    head, _ = Result.objects.get_or_create(test=test, analyte=analyte.analyte, defaults={"sample_id": test.sample_id})
    value, censored = Decimal(text.lstrip("<>")), text[0] in "<>"
    uncertainty = None if censored else value / 10
    reported = report(float(value), float(uncertainty) if uncertainty else None)
    head.current = ResultVersion.objects.create(
        result=head,
        version=number,
        reduction=reduction,
        position=position,
        method_version=version,
        text=text if censored else reported.text,
        value=value,
        qualifier=text[0] if censored else "=",
        unit=version.unit,
        basis=version.basis,
        uncertainty=uncertainty,
        uncertainty_text=reported.uncertainty_text,
        lod=analyte.lod,
        loq=analyte.loq,
        inputs={},
    )
    head.save(update_fields=["current"])


def authorise(cast: Cast, run: Run) -> None:
    """The signatory authorises a reviewed run."""
    method = run.method_version.method.code
    if not bench.Competence.objects.filter(user=cast.signatory, method_code=method, activity="authorise").exists():
        bench.grant_competence(cast, cast.signatory, "authorise", method)
    authorise_results(run=run, password=PASSWORD, by=cast.signatory)


def make_authorised(
    cast: Cast,
    n: int = 1,
    contents: Sequence[Mapping[str, str]] = (CLAY,),
    *,
    methods: Sequence[str] = ("FUS-MS",),
    samples: Sequence[Sample] | None = None,
    **more: Any,
) -> Submission:
    """A submission of `n` samples whose results by every method are authorised."""
    submission = bench.make_submission(cast, samples or bench.make_received_samples(cast, n, **more), methods)
    for method in methods:
        authorise(cast, make_reviewed_run(cast, submission, contents, method=method))
    return submission


def remeasure(cast: Cast, submission: Submission, contents: Sequence[Mapping[str, str]]) -> None:
    """New result versions in the submission's last run, authorised again."""
    run = Run.objects.filter(positions__aliquot__test__submission=submission).order_by("-id").first()
    assert run is not None
    store_results(run, contents, by=cast.analyst)
    SubmissionTest.objects.filter(aliquots__positions__run=run).update(state="reviewed")
    run.state = "reviewed"
    run.save(update_fields=["state"])
    authorise(cast, run)


def finish(certificate: Certificate) -> Certificate:
    """Do the certificate's job here and now, as a worker would."""
    job = run_job(certificate.job_id)
    assert job is not None
    assert job.state == "done", job.message
    return Certificate.objects.get(pk=certificate.pk)


def make_issued(cast: Cast, submission: Submission | None = None, **more: Any) -> Certificate:
    """A certificate in force over a submission (a new one of one sample by default)."""
    return finish(request_certificate(submission=submission or make_authorised(cast, **more), by=cast.signatory))


def make_amended(
    cast: Cast, certificate: Certificate, contents: Mapping[str, str] | None = None, reason: str = "Dilution corrected."
) -> Certificate:
    """The certificate that replaces `certificate` after another measurement."""
    remeasure(cast, certificate.submission, [contents or without(Dy="38.4")])
    return finish(amend_certificate(certificate=certificate, reason=reason, by=cast.signatory))
