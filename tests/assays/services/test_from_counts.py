"""Results computed from counts: every correction on its way, stored so that an auditor finds the same number."""

from __future__ import annotations

import ast
import json
from typing import Any

import pytest

from assays.models import ResultVersion, Run
from assays.selectors.trails import trail_of
from tests.factories.bench import make_planned_run
from tests.factories.measurement import contents_of, upload_run
from tests.factories.people import Cast
from tests.factories.session import IONS, ask_for_counts, make_counts_export

pytestmark = pytest.mark.django_db


def measure(cast: Cast, n: int = 6, plan: dict[str, Any] | None = None, **faults: Any) -> Run:
    ask_for_counts(plan)
    run = make_planned_run(cast, n)
    upload = upload_run(cast, run, make_counts_export(run, **faults)).upload
    assert upload.state == "recorded", [*upload.notes, *upload.rows.exclude(reason="").values_list("label", "reason")]
    run.refresh_from_db()
    return run


def found(run: Run, position: int, symbol: str) -> ResultVersion:
    return ResultVersion.objects.get(position__run=run, position__number=position, result__analyte__symbol=symbol)


def test_the_truth_comes_back_through_drift_suppression_and_oxides(cast: Cast) -> None:
    run = measure(cast)
    assert run.state == "qc_passed", run.verdict_text
    for version in ResultVersion.objects.select_related("position__aliquot", "position__run__method_version", "result__analyte"):
        truth = contents_of(version.position)[version.result.analyte.symbol] / 0.8
        assert float(version.value) == pytest.approx(truth, rel=3e-3), (version.position.number, version.result.analyte.symbol)
    # The instrument's own number stands beside it, wrong by what was suppressed and drifted, and by the oxides.
    first = next(one.number for one in run.positions.filter(kind="sample"))
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
    version = found(run, next(one.number for one in run.positions.filter(kind="sample")), "Tb")
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
