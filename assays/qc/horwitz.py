"""What spread between laboratories to expect at a content.

Horwitz 1982; Thompson 2000 (Analyst 125:385) for the floor and ceiling; the GeoPT protocol of the IAG. For rare earths by
ICP-MS laboratories agree about three times better than Horwitz: as a limit it is too lax.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

_MG_KG = 1e-6
_FLOOR_MG_KG, _CEILING_MG_KG = 0.12, 138_000.0


@dataclass(frozen=True)
class HorRat:
    """Found over predicted relative SD between laboratories, both in percent; 0.5-2 is usual."""

    mean: float
    found_percent: float
    predicted_percent: float
    ratio: float


def predict_rsd_percent(content_mg_kg: float) -> float:
    """PRSD_R = 2^(1 - 0.5 log10 C), C as mass fraction; without Thompson's floor, as HorRat wants it."""
    return float(2 ** (1 - 0.5 * math.log10(_to_fraction(content_mg_kg))))


def predict_sd_mg_kg(content_mg_kg: float) -> float:
    """σ_H = 0.02 C^0.8495, but 0.22 C below 1.2e-7 and 0.01 C^0.5 above 0.138 (mass fractions), in mg/kg."""
    # Compared in mg/kg: 0.12 mg/kg is on the floor, while 0.12 times 1e-6 lies a binary digit below it.
    fraction = _to_fraction(content_mg_kg)
    if content_mg_kg < _FLOOR_MG_KG:
        return 0.22 * fraction / _MG_KG
    if content_mg_kg > _CEILING_MG_KG:
        return 0.01 * math.sqrt(fraction) / _MG_KG
    return predict_geopt_sd_mg_kg(content_mg_kg, 0.02)


def predict_geopt_sd_mg_kg(content_mg_kg: float, k: float) -> float:
    """Target SD of GeoPT, H_a = k X_a^0.8495: ``k`` 0.01 for pure geochemistry, 0.02 for applied, in mg/kg."""
    return float(k * _to_fraction(content_mg_kg) ** 0.8495) / _MG_KG


def compute_horrat(laboratory_means_mg_kg: Sequence[float]) -> HorRat:
    """HorRat of laboratories' means of one material."""
    mean = statistics.fmean(laboratory_means_mg_kg)
    found, predicted = 100 * statistics.stdev(laboratory_means_mg_kg) / mean, predict_rsd_percent(mean)
    return HorRat(mean, found, predicted, found / predicted)


def _to_fraction(content_mg_kg: float) -> float:
    if content_mg_kg <= 0:
        raise ValueError("A spread is predicted for a positive content.")
    return content_mg_kg * _MG_KG
