"""Chondrite-normalised patterns: the best cheap check of a rare-earth row, and what a geologist wants to see.

A smooth curve means that the elements were measured consistently; a saw-tooth means an interference, a slip of columns
or a calibration error. Ce and Eu may stand off the curve by nature (redox), and their anomalies say by how much.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

CHONDRITE = MappingProxyType(
    {
        "La": 0.237, "Ce": 0.613, "Pr": 0.0928, "Nd": 0.457, "Sm": 0.148, "Eu": 0.0563, "Gd": 0.199, "Tb": 0.0361,
        "Dy": 0.246, "Y": 1.57, "Ho": 0.0546, "Er": 0.16, "Tm": 0.0247, "Yb": 0.161, "Lu": 0.0246,
    }
)  # fmt: skip
"""CI chondrite in mg/kg (McDonough & Sun 1995, doi:10.1016/0009-2541(94)00140-4), with Y between Dy and Ho by ionic radius."""

REDOX_SENSITIVE = frozenset({"Ce", "Eu"})


@dataclass(frozen=True)
class PatternPoint:
    """One element of a pattern: ``value`` is content over chondrite."""

    symbol: str
    value: float


@dataclass(frozen=True)
class Irregularity:
    """A point off the line through its neighbours: ``ratio`` is value over expected value."""

    symbol: str
    ratio: float


def normalise(values: Mapping[str, float]) -> tuple[PatternPoint, ...]:
    """Contents in mg/kg over chondrite, in plotting order; only quantified elements belong in ``values``, others are left out."""
    return tuple(PatternPoint(symbol, values[symbol] / reference) for symbol, reference in CHONDRITE.items() if symbol in values)


def compute_anomaly(values: Mapping[str, float], symbol: str, left: str, right: str) -> float | None:
    """X_N / sqrt(left_N right_N) from contents in mg/kg; None unless all three are there and positive."""
    if any(values.get(s, 0.0) <= 0 for s in (symbol, left, right)):
        return None
    centre, before, after = (values[s] / CHONDRITE[s] for s in (symbol, left, right))
    return centre / math.sqrt(before * after)


def compute_cerium_anomaly(values: Mapping[str, float]) -> float | None:
    """Ce/Ce* = Ce_N / sqrt(La_N Pr_N)."""
    return compute_anomaly(values, "Ce", "La", "Pr")


def compute_europium_anomaly(values: Mapping[str, float]) -> float | None:
    """Eu/Eu* = Eu_N / sqrt(Sm_N Gd_N)."""
    return compute_anomaly(values, "Eu", "Sm", "Gd")


def compute_ratio(values: Mapping[str, float], over: str, under: str) -> float | None:
    """A normalised ratio such as (La/Yb)_N; None where either is missing or not positive."""
    if values.get(over, 0.0) <= 0 or values.get(under, 0.0) <= 0:
        return None
    return (values[over] / CHONDRITE[over]) / (values[under] / CHONDRITE[under])


def find_irregularities(values: Mapping[str, float], tolerance: float = 0.25) -> tuple[Irregularity, ...]:
    """Points whose ratio to the geometric mean of both neighbours lies outside 1/(1 + tolerance) to 1 + tolerance.

    Ce, Eu and Y are neither judged nor used as neighbours: the first two are moved by redox, Y by complexation (Bau 1996).
    A single wrong element is listed with its neighbours, the worst first. The default tolerance is an assumption.
    """
    smooth = [p for p in normalise(values) if p.symbol not in REDOX_SENSITIVE | {"Y"} and p.value > 0]
    found = []
    for before, point, after in zip(smooth, smooth[1:], smooth[2:], strict=False):
        ratio = point.value / math.sqrt(before.value * after.value)
        if not 1 / (1 + tolerance) <= ratio <= 1 + tolerance:
            found.append(Irregularity(point.symbol, ratio))
    return tuple(sorted(found, key=lambda i: -abs(math.log(i.ratio))))
