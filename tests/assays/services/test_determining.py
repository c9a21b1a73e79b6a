"""A high-grade product through the product: prepared, weighed, planned, titrated, judged, explained."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assays.forms.determining import DeterminationRows
from assays.models import Determination, PreparationTask, Result, ResultVersion
from assays.models.high_grade import WET_CHEMISTRY
from assays.selectors.high_grade import propose_high_grade
from assays.selectors.run_page import explain_result
from assays.selectors.trails import TRAIL_RELATIONS, trail_of
from assays.services.determining import record_determinations
from assays.services.planning import plan_run
from assays.services.upgrading import ask_high_grade
from lims.core.errors import Blocked, DomainError, Forbidden, Invalid
from tests.assays.services.test_from_counts import recompute
from tests.assays.services.test_steps import do, make_tools
from tests.factories import bench
from tests.factories.release import make_reviewed_run, without

GRAVIMETRY = {
    "solution_ml": "250", "aliquot_ml": "50", "crucible_g": "15.0000", "ignited_g": "15.0920", "blank_g": "0",
    "loi_crucible_g": "20", "loi_before_g": "21", "loi_after_g": "20.92", "other_percent": "0.1",
}  # fmt: skip


def amounts(**more):
    return {name: Decimal(value) for name, value in (GRAVIMETRY | more).items()}


def test_a_blank_row_asks_for_nothing_and_a_filled_one_for_everything():
    texts = {"row-TOTAL_FORMS": "2", "row-INITIAL_FORMS": "2", "row-0-solution_ml": "250"}
    filled, blank = DeterminationRows(texts, prefix="row", form_kwargs={"technique": "gravimetry"}).forms
    assert not filled.is_valid()
    assert filled.errors["loi_after_g"] == ["Give it, or empty the row."]
    assert all(one.field.required and not one.errors for one in blank.amount_fields)


def make_run(cast):
    samples = bench.make_received_samples(cast, material="oxide")
    submission = bench.make_submission(cast, samples, ["GRA-REO"])
    tools, task = make_tools(cast), PreparationTask.objects.get(sample=samples[0])
    for kind in ("homogenise", "weigh_wet", "dry"):
        do(cast, task, kind, tools)
    do(cast, task, "weigh_dry", tools, dry_mass_g=Decimal("49.9"))
    aliquots = bench.make_weighed(cast, submission, duplicates=1)
    bench.grant_competence(cast, cast.analyst, "measure", "GRA-REO")
    instrument = bench.make_instrument(cast, "WET-1", technique=WET_CHEMISTRY)
    version = bench.method_version("GRA-REO")
    return plan_run(instrument=instrument, method_version=version, aliquots=aliquots, by=cast.analyst)


def test_a_product_is_weighed_judged_and_explained(cast):
    run = make_run(cast)
    sample, duplicate = run.positions.filter(aliquot__isnull=False)
    with pytest.raises(Forbidden):
        record_determinations(run=run, entries=[(sample, amounts())], by=cast.reviewer)
    with pytest.raises(Invalid) as refusal:
        record_determinations(run=run, entries=[(sample, amounts(ignited_g="14"))], by=cast.analyst)
    assert "more than empty" not in refusal.value.message or not Determination.objects.exists()
    run = record_determinations(run=run, entries=[(sample, amounts()), (duplicate, amounts(ignited_g="15.0921"))], by=cast.analyst)
    assert (run.state, run.verdict_text != "") == ("qc_passed", True), run.verdict_text
    version = Result.objects.get(test=sample.aliquot.test, analyte__symbol="TREO").current
    assert float(version.value) == pytest.approx(92.0)
    assert (version.unit, version.basis) == ("%", "dry")
    assert 0.2 < float(version.uncertainty) < 0.8
    told = {label: number for label, number, _source in explain_result(version).steps}
    assert told["Loss on ignition"] == "8.0000 %"
    with pytest.raises(DomainError, match="Correct it with a reason"):
        record_determinations(run=run, entries=[(sample, amounts())], by=cast.analyst)
    # The trail of each number is arithmetic that anyone can repeat.
    for one in Result.objects.filter(current__reduction__run=run).select_related("current"):
        steps = trail_of(ResultVersion.objects.select_related(*TRAIL_RELATIONS).get(pk=one.current_id))["steps"]
        assert steps
        assert [recompute(row) for row in steps] == pytest.approx([row["output"] for row in steps], rel=1e-6)
        assert steps[-1]["output"] == pytest.approx(float(one.current.value), rel=1e-6)


def test_a_total_far_from_100_blocks_the_run_until_it_is_put_right(cast):
    run = make_run(cast)
    sample, duplicate = run.positions.filter(aliquot__isnull=False)
    run = record_determinations(run=run, entries=[(sample, amounts(loi_after_g="20.99")), (duplicate, amounts())], by=cast.analyst)
    assert run.state == "blocked"
    assert "outside 98.50 to 101.50 %" in run.verdict_text
    run = record_determinations(run=run, entries=[(sample, amounts())], reason="ignited again to constant mass", by=cast.analyst)
    assert run.state == "qc_passed"
    assert Determination.objects.filter(position=sample).count() == 2
    icp = bench.make_planned_run(cast, 1)
    with pytest.raises(Blocked, match="bring in its file"):
        record_determinations(run=icp, entries=[(icp.positions.first(), amounts())], by=cast.analyst)


def test_what_is_too_rich_is_proposed_once_and_waits_for_its_own_preparation(cast):
    submission = bench.make_submission(cast, bench.make_received_samples(cast, material="oxide"))
    rich = make_reviewed_run(cast, submission, [without(Dy="200000", Y=">50000")], drafts=True)
    [one] = propose_high_grade(rich)
    assert 25 < one.treo_percent < 40
    version = bench.method_version("EDT-REO")
    with pytest.raises(Invalid):
        ask_high_grade(run=rich, method_version=bench.method_version(), samples=[one.test.sample.blind_code], by=cast.analyst)
    [test] = ask_high_grade(run=rich, method_version=version, samples=[one.test.sample.blind_code], by=cast.analyst)
    assert (test.submission, test.task.version.route.code) == (submission, "HIGH")
    assert propose_high_grade(rich) == []
    with pytest.raises(Blocked, match="asked already"):
        ask_high_grade(run=rich, method_version=version, samples=[one.test.sample.blind_code], by=cast.analyst)
