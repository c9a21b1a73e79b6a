"""Mass fractions of solids, from a spectrometer's file to the certificate: nothing is dissolved, and what is read of what is stated."""

from __future__ import annotations

import ast
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from assays.chemistry.solids import SolidInput, SolidPortion, reduce_solids
from assays.chemistry.tray import AnalyteLimits, SolutionReading
from assays.instruments.models import Reading, Upload
from assays.instruments.recording import confirm_upload, withdraw_upload
from assays.models import Aliquot, MethodVersion, ResultVersion, Run, SubmissionTest, Verdict
from assays.reports.content import gather_content
from assays.reports.services import request_certificate
from assays.selectors.trails import trail_of
from assays.services.authorising import authorise_results
from assays.services.diluting import PipettedStep, record_dilution
from assays.services.planning import plan_run
from assays.services.reviewing import APPROVE, review_run
from assays.services.weighing import Portion, weigh_aliquots
from lims.core import clock
from lims.core.errors import Blocked, Invalid
from lims.demo.beads import write_bead_results
from tests.factories.bench import (
    grant_competence,
    make_instrument,
    make_prepared,
    make_received_samples,
    make_submission,
    method_version,
    nothing_changes,
)
from tests.factories.browsing import sign_in, text_of
from tests.factories.measurement import contents_of, make_export, positions_of, upload_run
from tests.factories.people import PASSWORD, Cast

pytestmark = pytest.mark.django_db


def write_beads(run: Run, *, scale: float = 1.0, loss: str = "0.000") -> bytes:
    """What the spectrometer gives of a run: the contents of its tubes, times `scale`."""
    symbols = [one.analyte.symbol for one in run.method_version.analytes.select_related("analyte")]
    held = [(tube.label, contents_of(tube)) for tube in positions_of(run)]
    rows = [(label, {symbol: scale * contents.get(symbol, 0) for symbol in symbols}) for label, contents in held]
    return write_bead_results(rows, measured_at=datetime(2026, 4, 16, 13, 0, 4, tzinfo=UTC), loss=loss)


def ask_for_beads(cast: Cast, n: int, *methods: str) -> list[SubmissionTest]:
    """The tests by fused bead of `n` prepared samples; further methods are asked for beside."""
    samples = make_received_samples(cast, n)
    submission = make_submission(cast, samples, ["FUS-XRF", *methods])
    make_prepared(cast, samples)
    return list(submission.tests.filter(method_version__method__code="FUS-XRF").order_by("sample__code"))


def plan_beads(cast: Cast, tests: list[SubmissionTest]) -> Run:
    """A run of fused beads, the first with a second one."""
    made = weigh_aliquots(portions=[Portion(test=test, mass_g=Decimal("0.7")) for test in tests], by=cast.technician)
    again = Portion(test=made[0].test, mass_g=Decimal("0.7001"), duplicate_of=made[0])
    made += weigh_aliquots(portions=[again], by=cast.technician)
    grant_competence(cast, cast.analyst, "measure", "FUS-XRF")
    spectrometer = make_instrument(cast, "XRF-1", name="Wavelength-dispersive XRF", technique="XRF")
    return plan_run(instrument=spectrometer, method_version=method_version("FUS-XRF"), aliquots=made, by=cast.analyst)


def found(run: Run, symbol: str) -> ResultVersion:
    """The first sample's newest content of the element."""
    first = run.positions.filter(kind="sample").order_by("number")[0]
    return ResultVersion.objects.filter(position=first, result__analyte__symbol=symbol).latest("version")


def recompute(row: dict[str, Any]) -> float:
    """A step's output from its own inputs and the arithmetic beside it."""
    return float(eval(compile(ast.parse(row["formula"], mode="eval"), "formula", "eval"), {"__builtins__": {}}, row["inputs"]))  # noqa: S307


def take(cast: Cast, run: Run, data: bytes) -> Upload:
    """The file as a person takes it after looking at what it says of its units."""
    upload = upload_run(cast, run, data, file_name="beads.txt", run=run).upload
    notes = {note["code"] for note in upload.notes if not note["information"]}
    assert (upload.state, notes) == ("waiting", {"unit_converted"}), upload.notes
    upload = confirm_upload(upload=upload, by=cast.analyst)
    run.refresh_from_db()
    return upload


def test_beads_travel_from_the_spectrometer_to_the_certificate(cast: Cast) -> None:
    tests = ask_for_beads(cast, 2, "FUS-MS")
    run, submission = plan_beads(cast, tests), tests[0].submission
    aliquot = Aliquot.objects.filter(positions__run=run)[0]
    assert (aliquot.volume_ml, aliquot.dilution) == (None, 1)
    # The same samples in solution, measured before: the second technique.
    others = submission.tests.filter(method_version__method__code="FUS-MS")
    dissolved = weigh_aliquots(portions=[Portion(test=test, mass_g=Decimal("0.1")) for test in others], by=cast.technician)
    grant_competence(cast, cast.analyst, "measure")
    plasma = plan_run(instrument=make_instrument(cast), method_version=method_version(), aliquots=dissolved, by=cast.analyst)
    upload_run(cast, plasma, make_export(plasma))

    upload = take(cast, run, write_beads(run))
    assert run.state == "qc_passed", run.verdict_text
    read = Reading.objects.filter(row__upload=upload, quantity="mass_fraction")
    assert set(read.values_list("analyte", "unit")) >= {("La2O3", "%"), ("Tb4O7", "%"), ("Th", "ppm")}

    # 120 mg/kg · 1.1 as weighed, of the sample as prepared; 20 % of the portion is water.
    version = found(run, "La")
    assert float(version.value) == pytest.approx(found_content(run, "La") / 0.8, rel=1e-4)
    trail = json.loads(json.dumps(trail_of(version)))
    assert [row["step"] for row in trail["steps"]] == ["reading_solid_1", "of_sample_1", "dry_1", "relative_uncertainty_1"]
    assert trail["steps"][0]["about"]["read"] == "La2O3"
    assert trail["steps"][0]["inputs"]["reading"] == float(trail["cells"][0]["value"])
    assert [recompute(row) for row in trail["steps"]] == pytest.approx([row["output"] for row in trail["steps"]], rel=1e-12)
    assert trail["steps"][2]["output"] == pytest.approx(float(version.value), rel=1e-9)
    assert "volume_ml" not in version.inputs
    assert found(run, "Dy").qualifier == "<"

    compared = Verdict.objects.filter(evaluation__run=run, statistic="difference_percent", position__number=version.position.number)
    assert compared.get(analyte__symbol="La").outcome == "pass"
    assert "by FUS-MS" in compared.get(analyte__symbol="La").sentence

    analyst = sign_in(cast.analyst)
    page = text_of(analyst.get(f"/runs/{run.code}/results/{version.pk}/"))
    assert "of the sample as prepared" in page
    assert "not dissolved, not diluted" in page
    for address in (f"/runs/{run.code}/calculation/", f"/runs/{run.code}/rack/", "/methods/FUS-XRF/1/"):
        assert analyst.get(address).status_code == 200, address
    bench = sign_in(cast.technician)
    assert "0.77 g into a fused bead" in text_of(bench.get("/bench/weighing/?method=FUS-XRF+v1"))
    assert "fused bead" in text_of(bench.get(f"/bench/aliquots/{aliquot.code}/"))

    grant_competence(cast, cast.reviewer, "review", "FUS-XRF")
    review_run(run=run, decision=APPROVE, password=PASSWORD, by=cast.reviewer)
    grant_competence(cast, cast.signatory, "authorise", "FUS-XRF")
    authorise_results(run=run, password=PASSWORD, by=cast.signatory)
    certificate = request_certificate(submission=submission, by=cast.signatory)
    content = gather_content(certificate, issued_at=clock.now())
    [method] = content.methods
    assert method.code == "FUS-XRF"
    assert "Measured as a fused bead; read of the sample as prepared." in method.description
    assert any(version.text in str(table) for table in content.tables)


def found_content(run: Run, symbol: str) -> float:
    """What the first sample's portion holds as weighed, mg/kg."""
    return contents_of(run.positions.filter(kind="sample").order_by("number")[0])[symbol]


BRUKER = (
    "Formula,Concentration,Z,Status,Line 1,Net int.,LLD,Stat. error,Analyzed layer,Bound %\r\n"
    "SiO2,28.8 % -,14,XRF 1,Si KA1-HR-Tr,60.63,211.9 PPM,0.73%,2.52 um,\r\n"
    "Dy2O3,412 PPM,66,XRF 1,Dy LA1-HR-Tr,5.026,188.1 PPM,6.10%,71 um,\r\n"
    "Tb4O7,0.0231%,65,XRF 1,Tb LA1-HR-Tr,3.326,296.7 PPM,8.85%,63 um,\r\n"
)


def test_contents_of_the_bead_and_of_the_ignited_sample_come_back_to_the_sample(cast: Cast) -> None:
    version = MethodVersion.objects.filter(method__code="FUS-XRF")
    version.update(reported_of="specimen", specimen_g=Decimal("7.7"))
    tests = ask_for_beads(cast, 1)
    # Nothing of a solid is dissolved or diluted, and a bead holds its portion.
    with nothing_changes():
        for member, text in {"volume_ml": "100", "dilution": "20", "specimen_g": "0.5"}.items():
            portion = Portion(**{"test": tests[0], "mass_g": Decimal("0.7"), member: Decimal(text)})
            with pytest.raises(Invalid) as refusal:
                weigh_aliquots(portions=[portion], by=cast.technician)
            assert refusal.value.problems[0].pointer == f"/0/{member}"
    run = plan_beads(cast, tests)
    tube = run.positions.filter(kind="sample").select_related("aliquot").get()
    assert tube.aliquot is not None
    with pytest.raises(Blocked, match="is a solid"):
        record_dilution(aliquot=tube.aliquot, steps=[PipettedStep(taken=Decimal(1), final=Decimal(10))], by=cast.technician)
    with pytest.raises(IntegrityError), transaction.atomic():
        version.update(volume_ml=100)

    # SpectraPlus writes one sample a file and calls it by the file's name; the unit changes from line to line.
    upload = upload_run(cast, run, BRUKER.encode(), file_name=f"{tube.label}.csv", run=run).upload
    upload = confirm_upload(upload=upload, by=cast.analyst)
    dysprosium = found(run, "Dy")
    # 412 mg/kg of oxide in 7.7 g of bead, from 0.7 g that hold 20 % water.
    assert float(dysprosium.value) == pytest.approx(412 / 1.147683 * 7.7 / 0.7 / 0.8, rel=1e-5)
    assert float(found(run, "Tb").value) == pytest.approx(231 / 1.176172 * 11 / 0.8, rel=1e-5)
    steps = trail_of(dysprosium)["steps"]
    assert [row["step"] for row in steps] == ["reading_solid_1", "of_specimen_1", "dry_1", "relative_uncertainty_1"]
    assert [recompute(row) for row in steps] == pytest.approx([row["output"] for row in steps], rel=1e-12)
    # The limits hold for the usual portion: dry, and no further factor.
    assert float(dysprosium.loq) == pytest.approx(200 / 0.8)

    withdraw_upload(upload=upload, reason="measured again", by=cast.analyst)
    version.update(reported_of="ignited", specimen_g=None)
    take(cast, run, write_beads(run, scale=20, loss="24.350"))
    ignited = found(run, "La")
    assert float(ignited.value) == pytest.approx(found_content(run, "La") * 20 * (100 - 24.35) / 100 / 0.8, rel=1e-5)
    steps = trail_of(ignited)["steps"]
    assert steps[1]["step"] == "of_ignited_1"
    assert [recompute(row) for row in steps] == pytest.approx([row["output"] for row in steps], rel=1e-12)

    # The same loss of a portion that was dried before: its content is dry already, whatever the portion held of water.
    withdraw_upload(upload=Upload.objects.get(run=run, state="recorded"), reason="losses were of dried portions", by=cast.analyst)
    version.update(reported_of="ignited_dry")
    take(cast, run, write_beads(run, scale=20, loss="24.351"))
    dried = found(run, "La")
    assert float(dried.value) == pytest.approx(found_content(run, "La") * 20 * (100 - 24.351) / 100, rel=1e-5)
    steps = trail_of(dried)["steps"]
    assert steps[1]["step"] == "of_ignited_dry_1"
    assert [recompute(row) for row in steps] == pytest.approx([row["output"] for row in steps], rel=1e-12)
    page = text_of(sign_in(cast.analyst).get(f"/runs/{run.code}/results/{dried.pk}/"))
    assert "of the portion dried before" in page
    assert "its loss on ignition being of the dried portion" in page
    page = text_of(sign_in(cast.analyst).get(f"/runs/{run.code}/results/{ignited.pk}/"))
    assert "24.35 %" in page


def test_what_the_factor_needs_is_never_guessed() -> None:
    limits = {"Dy": AnalyteLimits(60, 200, 400_000, 10)}
    read = {"Dy": [SolutionReading(340.0)]}

    def reduce(portion: SolidPortion, of: str) -> Any:
        return reduce_solids([SolidInput(1, portion, read)], limits, SolidPortion(0.7, 0.0, 7.7), of)

    assert reduce(SolidPortion(0.7), "sample").results[1, "Dy"].value == 340
    assert reduce(SolidPortion(0.7), "specimen").mismatches == {1: "the mass of its specimen is not recorded"}
    assert reduce(SolidPortion(0.7), "ignited").mismatches == {1: "its loss on ignition is not recorded"}
    # A loss that leaves the moisture out is of the dried material: it would be made dry twice. A small gain of ferrous iron is none.
    assert "less than its moisture of 20 %" in reduce(SolidPortion(0.7, 20.0, None, 4.35), "ignited").mismatches[1]
    assert reduce(SolidPortion(0.7, 20.0, None, 24.35), "ignited").results[1, "Dy"].value == pytest.approx(340 * 0.7565 / 0.8)
    assert reduce(SolidPortion(0.7, 1.0, None, -2.0), "ignited").results[1, "Dy"].value == pytest.approx(340 * 1.02 / 0.99)
    assert reduce(SolidPortion(0.7, 0.0, 7.0), "specimen").results[1, "Dy"].loq == pytest.approx(200 * 7.0 / 7.7)
    diluted = {"Dy": [SolutionReading(340.0, applied_dilution=20)]}
    assert 1 in reduce_solids([SolidInput(1, SolidPortion(0.7), diluted)], limits, SolidPortion(0.7), "sample").mismatches
