"""What a method version may say of its calculation, and what is refused before a run is planned by it."""

from __future__ import annotations

from typing import Any

import pytest

from assays.calculation.plan import InvalidPlan, read_plan

ISOTOPES = {"Tb": "159Tb", "Nd": "146Nd"}
BUDGET = {"mass_g": 0.0002, "volume_percent": 0.1, "recovery_percent": 2}


def test_an_empty_plan_is_the_plain_way() -> None:
    plan = read_plan({}, ISOTOPES)
    assert (plan.source, plan.replicates, plan.limits.decides, plan.uncertainty.evaluation) == ("instrument", "mean", "method", "stated")


@pytest.mark.parametrize("symbol", ["Sc", "Y", "Tb", "Ho", "Lu"])
def test_an_analyte_is_never_an_internal_standard(symbol: str) -> None:
    with pytest.raises(InvalidPlan, match=f"{symbol} cannot be an internal standard"):
        read_plan({"source": "counts", "internal_standards": {"*": symbol}})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"source": "counts", "internal_standards": {"*": "Nd"}}, "Nd cannot be an internal standard"),
        ({"internal_standards": {"*": "Rh"}}, "set the source to counts"),
        ({"source": "counts", "drift": {"limit_percent": 80}}, "at most at 50 %"),
        ({"source": "counts", "interferences": {"parents": ["Ce"]}}, "as in 140Ce"),
        ({"source": "counts", "interferences": {"parents": ["145Nd"]}}, "measured at 146Nd"),
        ({"limits": {"minimum_blanks": 1}}, "at least 2 blanks"),
        ({"uncertainty": {"evaluation": "budget", "components": BUDGET}}, "calibration_percent"),
        ({"source": "counts", "uncertainty": {"evaluation": "budget", "components": {"mass_g": 0.1}}}, "lacks recovery_percent"),
        ({"source": "counts", "uncertainty": {"evaluation": "budget", "components": BUDGET | {"luck": 1}}}, "knows no luck"),
        ({"uncertainty": {"components": BUDGET}}, "set the evaluation to budget"),
        ({"sauce": "counts"}, "sauce"),
    ],
)
def test_a_plan_that_cannot_be_followed_is_refused(data: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidPlan, match=words):
        read_plan(data, ISOTOPES)
