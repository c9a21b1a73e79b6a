"""Which samples of a measured run are too rich for its method and are better weighed or titrated."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from assays.chemistry.groups import GROUPS
from assays.chemistry.oxides import find_factor
from assays.models import HighGradeConditions, ResultVersion, Run, SubmissionTest
from assays.selectors.reference import versions_in_force
from lims.core import clock


@dataclass(frozen=True)
class Proposal:
    """A test whose sample holds at least `treo_percent` TREO, over-range elements counted by their bound."""

    test: SubmissionTest
    treo_percent: float


def methods_for_high_grade() -> list[HighGradeConditions]:
    """What the classical methods in force today state, the newest version of each, by code."""
    rows = HighGradeConditions.objects.filter(method_version__in=versions_in_force(clock.today()))
    return list(rows.select_related("method_version__method").order_by("method_version__method__code"))


def propose_high_grade(run: Run) -> list[Proposal]:
    """The samples of a run in mg/kg whose oxides reach what a classical method is proposed from, without such a test yet."""
    stated = methods_for_high_grade()
    if not stated or run.method_version.unit != "mg/kg":
        return []
    least = float(min(one.proposed_from_percent for one in stated))
    members = set(GROUPS["TREO"].members)
    sums: dict[UUID, float] = defaultdict(float)
    rows = ResultVersion.objects.filter(current_of__isnull=False, reduction__run=run, result__analyte__symbol__in=members).exclude(
        qualifier="<"
    )
    for test, symbol, value in rows.values_list("result__test", "result__analyte__symbol", "value"):
        sums[test] += float(value) * find_factor(symbol) / 10_000
    rich = {test: total for test, total in sums.items() if total >= least}
    return [Proposal(test, rich[test.pk]) for test in _without(rich, [one.method_version.method_id for one in stated])]


def _without(tests: dict[UUID, float], methods: list[Any]) -> list[SubmissionTest]:
    rows = SubmissionTest.objects.filter(pk__in=tests).select_related("sample", "submission").order_by("sample__blind_code")
    asked = set(
        SubmissionTest.objects.filter(sample__in=[one.sample_id for one in rows], method_version__method__in=methods)
        .exclude(state="cancelled")
        .values_list("sample", flat=True)
    )
    return [one for one in rows if one.sample_id not in asked]
