"""Activity of thorium and uranium from their contents, and whether a sample must be held.

The conversion holds for the head of a chain in secular equilibrium. Carbonates, oxalates and oxides break the chain
(radium and lead go elsewhere), so no content in ppm ever clears a processed product: it needs gamma spectrometry.
The criterion of 1 Bq/g for the natural series is that of IAEA RS-G-1.7 and GSR Part 3, Table I.3.
"""

import math
from dataclasses import dataclass

AVOGADRO = 6.02214076e23
SECONDS_PER_YEAR = 365.25 * 86400
DEFAULT_LIMIT_BQ_G = 1.0


@dataclass(frozen=True)
class Nuclide:
    """The head of a natural chain: half-life in years (NUBASE2020), molar mass, its mass fraction in the natural element."""

    name: str
    symbol: str
    half_life_years: float
    molar_mass: float
    mass_fraction: float


TH232 = Nuclide("Th-232", "Th", 1.405e10, 232.0380558, 1.0)
U238 = Nuclide("U-238", "U", 4.468e9, 238.0507884, 0.99284)
"""The mass fraction is 99.284 %; 99.2742 % is the share of atoms."""


NUCLIDE_OF = {nuclide.symbol: nuclide for nuclide in (TH232, U238)}
"""The head of the chain that an element's content speaks of."""


@dataclass(frozen=True)
class ActivityScreen:
    """Activities in Bq/g of the elements measured, and what holds the sample; released only where ``reasons`` is empty."""

    activities: dict[str, float]
    reasons: tuple[str, ...]

    @property
    def hold(self) -> bool:
        """Whether the sample stays held."""
        return bool(self.reasons)


def compute_specific_activity(half_life_years: float, molar_mass: float, mass_fraction: float = 1.0) -> float:
    """Bq per gram of the natural element: ln 2 / T · N_A / M · mass fraction of the nuclide."""
    if half_life_years <= 0 or molar_mass <= 0 or not 0 < mass_fraction <= 1:
        raise ValueError("An activity needs a half-life and a molar mass above zero, and a mass fraction above 0 up to 1.")
    return math.log(2) / (half_life_years * SECONDS_PER_YEAR) * AVOGADRO / molar_mass * mass_fraction


def compute_activity_bq_g(content_mg_kg: float, specific_activity: float) -> float:
    """Bq per gram of sample at a content of the element in mg/kg."""
    return content_mg_kg * 1e-6 * specific_activity


def compute_content_mg_kg(activity_bq_g: float, specific_activity: float) -> float:
    """Content of the element in mg/kg that gives an activity: 246 mg/kg Th or 81 mg/kg U for 1 Bq/g."""
    return activity_bq_g / specific_activity * 1e6


def bound_activity(symbol: str, content_mg_kg: float, uncertainty_mg_kg: float) -> tuple[float, float]:
    """Activity of Th or U and its expanded uncertainty in Bq/g, from a content in mg/kg. A bound (`<`, `>`) stays a bound: convert its
    value with an uncertainty of 0 and keep its qualifier."""
    nuclide = NUCLIDE_OF[symbol]
    specific = compute_specific_activity(nuclide.half_life_years, nuclide.molar_mass, nuclide.mass_fraction)
    return compute_activity_bq_g(content_mg_kg, specific), compute_activity_bq_g(uncertainty_mg_kg, specific)


def screen_activity(
    contents_mg_kg: dict[str, tuple[float, float]], limit_bq_g: float = DEFAULT_LIMIT_BQ_G, *, processed: bool = False
) -> ActivityScreen:
    """Hold unless safe: each of Th and U must be measured with value + U below the limit, on material in equilibrium.

    ``contents_mg_kg`` gives (value, expanded uncertainty) by symbol; for a content below its limit of quantification give
    that limit with an uncertainty of 0. ``processed`` marks carbonate, oxalate, oxide or any other chemical product.
    """
    activities: dict[str, float] = {}
    reasons = ["A chemically processed product needs gamma spectrometry; its content does not clear it."] if processed else []
    for nuclide in (TH232, U238):
        if nuclide.symbol not in contents_mg_kg:
            reasons.append(f"{nuclide.symbol} was not measured.")
            continue
        value, uncertainty = contents_mg_kg[nuclide.symbol]
        specific = compute_specific_activity(nuclide.half_life_years, nuclide.molar_mass, nuclide.mass_fraction)
        activities[nuclide.name] = compute_activity_bq_g(value, specific)
        highest = compute_activity_bq_g(value + uncertainty, specific)
        if not highest < limit_bq_g:
            reasons.append(f"{nuclide.name} with its uncertainty reaches {highest:.3g} Bq/g; the limit is {limit_bq_g:g} Bq/g.")
    return ActivityScreen(activities, tuple(reasons))
