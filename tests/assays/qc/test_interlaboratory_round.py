"""A producer's certification round through Algorithm A: 12,960 replicates of four materials, certified values beside them.

The folder is named by LIMS_SHARED_DATA, by default ../shared/data beside the checkout; the file belongs to its producer and is not part of
the product. Without it these tests are skipped.
"""

from __future__ import annotations

import csv
import os
import statistics
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from assays.qc.interlab import classify_score, compute_z_score, estimate_robust
from assays.qc.verdicts import Outcome

_DEFAULT = Path(__file__).resolve().parents[3].parent / "shared" / "data"
_FOLDER = Path(os.environ.get("LIMS_SHARED_DATA", _DEFAULT))
_ROUND, _VALUES = _FOLDER / "datasets" / "oreas_interlab_ree_subset.csv", _FOLDER / "crms.csv"
_GROUPS = {
    "Fusion XRF": "borate_fusion_xrf",
    "4-Acid": "4_acid",
    "Fusion ICP": "borate_or_peroxide_fusion_icp",
    "Aqua Regia": "aqua_regia",
}

pytestmark = pytest.mark.skipif(not (_ROUND.is_file() and _VALUES.is_file()), reason=f"No round: LIMS_SHARED_DATA names no {_ROUND.name}.")

Key = tuple[str, str, str]

# Where the robust mean of all laboratories leaves the producer's interval: it kept laboratories that the producer took out.
_PULLED = {
    ("OREAS 30a", "4-Acid", "Yb"), ("OREAS 30a", "Aqua Regia", "Th"), ("OREAS 460", "4-Acid", "Er"), ("OREAS 460", "4-Acid", "Tb"),
    ("OREAS 460", "Fusion ICP", "Pr"), ("OREAS 460", "Fusion ICP", "Th"), ("OREAS 460", "Fusion ICP", "Tm"),
    ("OREAS 460", "Fusion ICP", "U"), ("OREAS 462", "4-Acid", "Er"), ("OREAS 462", "4-Acid", "La"), ("OREAS 462", "4-Acid", "Th"),
    ("OREAS 462", "Fusion ICP", "Th"), ("OREAS 462", "Fusion ICP", "U"), ("OREAS 464", "4-Acid", "Pr"), ("OREAS 464", "4-Acid", "Sm"),
    ("OREAS 464", "4-Acid", "Y"), ("OREAS 464", "Fusion ICP", "U3O8"),
}  # fmt: skip


@dataclass
class Set:
    """One material, method group and analyte: the laboratories' means, whom the producer flagged, and its 95 % interval."""

    interval: tuple[float, float]
    all_means: dict[str, float] = field(default_factory=dict)
    kept_means: dict[str, float] = field(default_factory=dict)
    flagged: set[str] = field(default_factory=set)

    def holds(self, means: dict[str, float]) -> bool:
        return self.interval[0] <= estimate_robust(list(means.values())).x_star <= self.interval[1]


@pytest.fixture(scope="module")
def sets() -> dict[Key, Set]:
    rows = defaultdict(list)
    with _ROUND.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["value_status"] == "Certified":
                rows[row["crm"], row["method_group"], row["analyte"]].append(row)
    return {key: _make_set(rows[key], interval) for key, interval in _read_intervals() if key in rows}


def _read_intervals() -> Iterator[tuple[Key, tuple[float, float]]]:
    heading = {group: words for words, group in _GROUPS.items()}
    with _VALUES.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["method_group"] in heading and row["ci95_low"] and row["ci95_high"]:
                key = row["crm_id"], heading[row["method_group"]], row["species"]
                yield key, (float(row["ci95_low"]), float(row["ci95_high"]))


def _make_set(rows: list[dict[str, str]], interval: tuple[float, float]) -> Set:
    every, kept, censored = defaultdict(list), defaultdict(list), set()
    found = Set(interval)
    for row in rows:
        if row["qualifier"]:
            censored.add(row["lab"])
        elif row["value"]:
            every[row["lab"]].append(float(row["value"]))
            if not row["producer_flag"]:
                kept[row["lab"]].append(float(row["value"]))
        if row["producer_flag"]:
            found.flagged.add(row["lab"])
    # A laboratory with a censored replicate has no mean: the rest of its replicates would be chosen by their size.
    found.all_means = {lab: statistics.fmean(values) for lab, values in every.items() if lab not in censored}
    found.kept_means = {lab: statistics.fmean(values) for lab, values in kept.items()}
    return found


def test_without_the_producers_outliers_every_robust_mean_lies_in_the_producers_interval(sets: dict[Key, Set]) -> None:
    assert len(sets) == 165
    assert [key for key, one in sets.items() if not one.holds(one.kept_means)] == []


def test_over_all_laboratories_the_robust_mean_stays_inside_but_where_the_producer_took_laboratories_out(sets: dict[Key, Set]) -> None:
    outside = {key for key, one in sets.items() if not one.holds(one.all_means)}
    assert outside == _PULLED
    assert all(sets[key].flagged for key in outside)


def test_laboratories_that_algorithm_a_calls_unsatisfactory_are_outliers_to_the_producer_too(sets: dict[Key, Set]) -> None:
    named, unknown = 0, []
    for key, one in sets.items():
        robust = estimate_robust(list(one.all_means.values()))
        for lab, mean in one.all_means.items():
            if classify_score(compute_z_score(mean, robust.x_star, robust.s_star)) is Outcome.FAIL:
                named += 1
                unknown += [] if lab in one.flagged else [(*key, lab)]
    assert named == 99
    assert len(unknown) <= 1
