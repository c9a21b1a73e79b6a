"""Invented but plausible rocks. Oxide distributions are of published deposit types; no Kachin distribution is published, so the mixture
used for its clays is an assumption, and everything made from it is marked synthetic."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

from assays.chemistry.oxides import to_element

# Percent of TREO by oxide of the element. First two: types of ion-adsorption clay tabulated by the USGS Minerals Yearbook (Rare Earths);
# the third: the xenotime of Lahat in the same table; the last: an assumed medium-to-heavy clay.
PROFILES: Mapping[str, Mapping[str, float]] = {
    "heavy_clay": {
        "La": 1.82, "Ce": 0.4, "Pr": 0.7, "Nd": 3.0, "Sm": 2.8, "Eu": 0.1, "Gd": 6.9, "Tb": 1.3, "Dy": 6.7, "Ho": 1.6, "Er": 4.9, "Tm": 0.7,
        "Yb": 2.5, "Lu": 0.4, "Y": 65.0,
    },
    "light_clay": {
        "La": 43.4, "Ce": 2.4, "Pr": 9.0, "Nd": 31.7, "Sm": 3.9, "Eu": 0.5, "Gd": 3.0, "Tb": 0.003, "Dy": 0.02, "Ho": 0.004,
        "Er": 0.012, "Tm": 0.004, "Yb": 0.3, "Lu": 0.1, "Y": 8.0,
    },
    "xenotime": {
        "La": 1.24, "Ce": 3.13, "Pr": 0.5, "Nd": 1.6, "Sm": 1.1, "Eu": 0.05, "Gd": 3.5, "Tb": 0.9, "Dy": 8.3, "Ho": 2.0, "Er": 6.4,
        "Tm": 1.1, "Yb": 6.8, "Lu": 1.0, "Y": 61.0,
    },
    "medium_clay": {
        "La": 17.0, "Ce": 3.0, "Pr": 4.8, "Nd": 18.0, "Sm": 4.2, "Eu": 0.6, "Gd": 5.0, "Tb": 0.75, "Dy": 4.2, "Ho": 0.8, "Er": 2.3,
        "Tm": 0.3, "Yb": 1.9, "Lu": 0.25, "Y": 36.9,
    },
}  # fmt: skip

# Lognormal TREO in mg/kg: median and the logarithm's standard deviation (p5 350, p95 2300 for clay).
TREO = {"clay": (900.0, 0.57), "rock": (6000.0, 0.9)}
MOISTURE = (20.0, 5.5)
THORIUM = {"clay": (25.0, 0.55), "rock": (160.0, 0.4)}
URANIUM = {"clay": (6.0, 0.55), "rock": (20.0, 0.4)}


@dataclass(frozen=True)
class Rock:
    """What a sample truly is: contents in mg/kg dry, moisture in percent (wet basis), the share of each element that a leach recovers."""

    contents: Mapping[str, float]
    moisture: float
    recovery: float


def make_rock(rng: random.Random, profile: str, material: str, richness: float) -> Rock:
    """One sample of a mine: `richness` scales the mine's median."""
    median, spread = TREO[material]
    treo = median * richness * math.exp(rng.gauss(0, spread * 0.5))
    shares = PROFILES[profile]
    whole = sum(shares.values())
    contents = {symbol: to_element(symbol, treo * share / whole * math.exp(rng.gauss(0, 0.06))) for symbol, share in shares.items()}
    contents["Th"] = THORIUM[material][0] * math.exp(rng.gauss(0, THORIUM[material][1]))
    contents["U"] = URANIUM[material][0] * math.exp(rng.gauss(0, URANIUM[material][1]))
    moisture = min(32.0, max(4.0, rng.gauss(*MOISTURE))) if material == "clay" else max(0.2, rng.gauss(1.0, 0.3))
    return Rock(contents, moisture, rng.uniform(0.40, 0.75) if material == "clay" else rng.uniform(0.02, 0.10))
