"""Results computed from counts: every correction on its way, stored so that an auditor finds the same number."""

from __future__ import annotations

import ast
import csv
import io
import json
from datetime import timedelta
from decimal import Decimal
from statistics import stdev
from typing import Any

import pytest
from django.urls import reverse

from assays.control_charts.models import ControlPoint
from assays.models import MethodVersion, ResultVersion, Run
from assays.selectors.budget_words import explain_budget
from assays.selectors.trails import TRAIL_RELATIONS, trail_of
from lims.core.ids import uuid7
from tests.factories.bench import make_planned_run
from tests.factories.browsing import sign_in, text_of
from tests.factories.callers import Caller
from tests.factories.measurement import contents_of, make_measured_run, upload_run
from tests.factories.people import Cast
from tests.factories.session import IONS, PLAN, ask_for_counts, make_counts_export

pytestmark = pytest.mark.django_db


def measure(cast: Cast, n: int = 6, plan: dict[str, Any] | None = None, **faults: Any) -> Run:
    ask_for_counts(plan)
    run = make_planned_run(cast, n)
    upload = upload_run(cast, run, make_counts_export(run, **faults)).upload
    assert upload.state == "recorded", [*upload.notes, *upload.rows.exclude(reason="").values_list("label", "reason")]
    run.refresh_from_db()
    return run


def first_sample(run: Run) -> int:
    return run.positions.filter(kind="sample").values_list("number", flat=True)[0]


def found(run: Run, position: int, symbol: str) -> ResultVersion:
    return ResultVersion.objects.get(position__run=run, position__number=position, result__analyte__symbol=symbol)


def test_the_truth_comes_back_through_drift_suppression_and_oxides(cast: Cast) -> None:
    run = measure(cast)
    assert run.state == "qc_passed", run.verdict_text
    for version in ResultVersion.objects.select_related("position__aliquot", "position__run__method_version", "result__analyte"):
        truth = contents_of(version.position)[version.result.analyte.symbol] / 0.8
        assert float(version.value) == pytest.approx(truth, rel=3e-3), (version.position.number, version.result.analyte.symbol)
    # The instrument's own number stands beside it, wrong by what was suppressed and drifted, and by the oxides.
    first = first_sample(run)
    compared = {symbol: found(run, first, symbol).inputs for symbol in ("La", "Tb")}
    ratios = {symbol: float(one["instrument_ug_l"]) / float(one["solution_ug_l"]) for symbol, one in compared.items()}
    assert ratios["La"] == pytest.approx(0.9, abs=0.02)
    assert ratios["Tb"] > 1


def recompute(row: dict[str, Any]) -> float:
    """A step's output from its own inputs and the arithmetic beside it: nothing of the product takes part."""
    numbers = list(row["inputs"].values())
    if row["formula"] == "mean of the inputs":
        return sum(numbers) / len(numbers)
    tree = ast.parse(row["formula"], mode="eval")
    assert all(isinstance(node, _ARITHMETIC) for node in ast.walk(tree)), row["formula"]
    return float(eval(compile(tree, "formula", "eval"), {"__builtins__": {}}, row["inputs"]))  # noqa: S307 - arithmetic only, just checked


_ARITHMETIC = (ast.Expression, ast.BinOp, ast.Name, ast.Constant, ast.Load, ast.Add, ast.Sub, ast.Mult, ast.Div)


def test_an_auditor_computes_the_same_number_from_the_exported_trail_alone(cast: Cast) -> None:
    run = measure(cast)
    version = found(run, first_sample(run), "Tb")
    trail = json.loads(json.dumps(trail_of(version)))
    rows = trail["steps"]
    assert [row["step"] for row in rows] == [
        "internal_standard_1", "background_1", "drift_1", "interference_1", "interference_1", "interference_1", "calibration_1",
        "procedural_blank_1", "content_1", "dry_1", "relative_uncertainty_1",
    ]  # fmt: skip
    # From the raw cell on, each step takes what the one before it gave.
    running = float(trail["cells"][0]["value"])
    for row in rows[:7]:
        assert row["inputs"]["signal"] == running
        running = recompute(row)
        assert running == pytest.approx(row["output"], rel=1e-12)
    assert rows[8]["inputs"]["solution"] == running
    assert [recompute(row) for row in rows] == pytest.approx([row["output"] for row in rows], rel=1e-12)
    assert rows[9]["output"] == pytest.approx(float(trail["result"]["value"]), rel=1e-9)
    # What the session gave: the line from its standards, the factor of neodymium on terbium, the limits.
    line = trail["stages"]["calibrations"]
    points = [(one["ug_l"], one["signal"]) for one in line["standards"] if one["ug_l"]]
    assert line["slope"] == pytest.approx(sum(y for _, y in points) / sum(x for x, _ in points))  # weights 1/x through zero
    factors = {one["parent"]: one["factor"] for one in trail["stages"]["interferences"]}
    assert factors["Nd"] == pytest.approx(IONS["Tb", "Nd"], rel=1e-3)
    shares = {row["about"]["parent"]: row["about"]["percent"] for row in rows if row["step"] == "interference_1"}
    assert shares["Nd"] > 5
    assert trail["stages"]["flagged"]


def test_the_plain_way_has_a_trail_too_for_every_number(cast: Cast) -> None:
    make_measured_run(cast)
    for version in ResultVersion.objects.filter(result__analyte__symbol__in=["Dy", "Tb", "Lu"]).select_related(*TRAIL_RELATIONS):
        rows = trail_of(version)["steps"]
        assert [row["step"] for row in rows][-3:] == ["content_1", "dry_1", "relative_uncertainty_1"]
        assert [recompute(row) for row in rows] == pytest.approx([row["output"] for row in rows], rel=1e-9)
        dry = next(row for row in rows if row["step"] == "dry_1")
        assert dry["output"] == pytest.approx(float(version.value), rel=1e-9)


def test_drift_beyond_its_limit_blocks_the_run_and_says_so(cast: Cast) -> None:
    run = measure(cast, drift=lambda place: 1 - place)
    assert run.state == "blocked", (run.verdict_text, list(run.positions.values_list("label", flat=True)))
    assert "Calibrate again." in run.verdict_text
    [evaluation] = run.evaluations.all()
    assert {one["code"] for one in evaluation.blockers} == {"drift_too_large"}


def test_a_result_carries_the_uncertainty_of_its_own_budget(cast: Cast) -> None:
    components = {"mass_g": 0.0002, "volume_percent": 0.1, "recovery_percent": 2, "moisture_percent": 0.4, "standard_percent": 0.5}
    run = measure(cast, 3, PLAN | {"uncertainty": {"evaluation": "budget", "components": components}})
    version = found(run, first_sample(run), "Dy")
    budget = version.inputs["budget"]
    squares = sum(share**2 for name, share in budget["inputs"].items() if name != "value")
    assert float(version.uncertainty) == pytest.approx(2 * float(version.value) * squares**0.5, rel=1e-9)
    # Recovery alone is 2 %: U is a little more than 4 %.
    assert 4 < 100 * float(version.uncertainty) / float(version.value) < 6
    trail = trail_of(version)
    assert trail["steps"][-1]["step"] == "budget_1"
    assert {one["component"] for one in trail["steps"][-1]["about"]["components"]} == {
        "blank", "calibration", "mass", "volume", "recovery", "moisture", "standard", "interference_ratio", "interference_reading",
    }  # fmt: skip
    # What the corrections bring follows from the trail alone: k, u(k), P and u(P) of each parent, and the slope.
    ions = [(row["inputs"], row["about"]) for row in trail["steps"] if row["step"] == "interference_1"]
    [slope] = [row["inputs"]["slope"] for row in trail["steps"] if row["step"] == "calibration_1"]
    parts = {one["component"]: one["u"] for one in trail["steps"][-1]["about"]["components"]}
    by_readings = sum((inputs["factor"] * about["u_parent"]) ** 2 for inputs, about in ions) ** 0.5 / slope
    by_factors = sum((inputs["parent"] * about["u_factor"]) ** 2 for inputs, about in ions) ** 0.5 / slope
    assert (parts["interference_reading"], parts["interference_ratio"]) == pytest.approx((by_readings, by_factors), rel=1e-9)
    assert {about["u_parent_from"] for _, about in ions} <= {"replicates", "line", "assumed"}
    page = text_of(sign_in(cast.reviewer).get(f"/runs/{run.code}/results/{version.pk}/"))
    assert "ratio MO⁺/M⁺ of the corrected oxides" in page
    assert f"u(parent) = {ions[0][1]['u_parent']:.2g}" in page


def test_nordtest_takes_the_laboratory_s_own_controls_from_before_the_run(cast: Cast) -> None:
    MethodVersion.objects.filter(method__code="FUS-MS").update(
        calculation={"uncertainty": {"evaluation": "nordtest", "minimum_points": 6, "days": 90}, "replicates": "median"}
    )
    first = make_measured_run(cast)
    assert found(first, first_sample(first), "Dy").inputs["uncertainty_evaluation"] == "stated"
    kept = list(ControlPoint.objects.filter(series__analyte__symbol="Dy", qualifier=""))
    assert kept
    for place, factor in enumerate([0.97, 1.02, 1.0, 1.04, 0.99, 1.01, 0.5, 9.0], 1):
        for point in kept[:1]:
            point.pk, point.value = uuid7(), point.expected * Decimal(str(factor))
            # The eighth was measured before the period, the seventh failed.
            point.measured_at = first.measured_at - timedelta(days=100 if place == 8 else place)
            point.outcome = "fail" if place == 7 else "pass"
            point.save(force_insert=True)
    again = make_measured_run(cast)
    version = found(again, first_sample(again), "Dy")
    facts = trail_of(version)["stages"]["uncertainties"]
    material = next(one for one in facts["materials"] if one["n"] >= 6)
    history = [0.97, 1.02, 1.0, 1.04, 0.99, 1.01, *([1.0] if material["n"] == 7 else [])]
    assert material["s"] / material["certified"] == pytest.approx(stdev(history), rel=5e-3)
    assert facts["evaluation"] == version.inputs["uncertainty_evaluation"] == "nordtest"
    assert facts["expanded_percent"] == pytest.approx(2 * (facts["u_rw_percent"] ** 2 + facts["u_bias_percent"] ** 2) ** 0.5)
    assert float(version.uncertainty) == pytest.approx(float(version.value) * facts["expanded_percent"] / 100, rel=1e-9)
    assert facts["first"] < facts["last"]
    # One reading of a material shows no scatter: without more, what the method states stands, with the reason.
    assert trail_of(found(again, first_sample(again), "Tb"))["stages"]["uncertainties"]["reason"].startswith("0 measurements")


def test_a_budget_is_shown_with_its_units_the_largest_share_first_and_their_sum(cast: Cast) -> None:
    components = {"mass_g": 0.0002, "volume_percent": 0.1, "recovery_percent": 2}
    run = measure(cast, 3, PLAN | {"uncertainty": {"evaluation": "budget", "components": components}})
    version = found(run, first_sample(run), "Dy")
    budget = explain_budget(version)
    assert budget is not None
    assert (budget.lines[0].name, budget.lines[0].u, budget.lines[0].unit) == ("digestion and recovery", "2.00", "%")
    units = {str(one.name): one.unit for one in budget.lines}
    assert (units["mass of the portion"], units["calibration line"], units["reagent blanks"]) == ("g", "µg/L", "µg/L")
    assert float(budget.combined_percent) == pytest.approx(50 * float(version.uncertainty) / float(version.value), rel=5e-3)
    analyst = sign_in(cast.analyst)
    told = text_of(analyst.get(f"/runs/{run.code}/results/{version.pk}/"))
    assert f"U (k = 2)</span> {budget.expanded} <span" in told
    stated = "balance 0.0002 g, final volume 0.1 %, digestion and recovery 2 %"
    calculation = text_of(analyst.get(f"/runs/{run.code}/calculation/"))
    assert stated in calculation
    assert "Each result has a budget of its own" in calculation
    assert "by budget" in text_of(analyst.get(reverse("assays:method", args=[run.method_version.method.code, run.method_version.number])))


def test_the_page_of_the_calculation_the_trail_and_its_files_tell_the_same(cast: Cast) -> None:
    run = measure(cast, 3)
    version = found(run, first_sample(run), "Tb")
    analyst = sign_in(cast.analyst)
    page = analyst.get(f"/runs/{run.code}/calculation/").content.decode()
    assert "143Nd16O+" in page and "Corrections above" in page  # noqa: PT018
    number = f"/runs/{run.code}/results/{version.pk}/"
    assert "Calculation trail" in analyst.get(number).content.decode()
    file = analyst.get(f"{number}trail/")
    trail = json.loads(file.content)
    lines = list(csv.DictReader(io.StringIO(analyst.get(f"{number}trail/?format=csv").content.decode())))
    outputs = [float(one["number"]) for one in lines if one["name"] == "="]
    assert outputs == [row["output"] for row in trail["steps"]]
    caller = Caller(cast.analyst)
    api = caller.get(f"/runs/{run.code}/results/{version.pk}/trail/").json()
    assert api == trail
    stages = caller.get(f"/runs/{run.code}/calculation/").json()["stages"]
    assert stages["calibrations"]["Tb"] == trail["stages"]["calibrations"]
