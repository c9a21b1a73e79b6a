"""Products above 10 % TREO: total rare-earth oxides by weight or by titration, loss on ignition, and their total near 100 %.

ICP-MS alone cannot settle trade in a 92 % oxide: its 3-5 % exceed what seller and buyer argue about. Classical methods reach a few tenths
of a percent. Formulae are mass balances; uncertainties follow JCGM 100:2008, 5.1 (independent inputs), all ``u`` being standard.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from assays.chemistry.elements import find_analyte


@dataclass(frozen=True)
class Determined:
    """A content in percent (mass fraction) with its standard uncertainty ``u``, and each input's share of the variance in percent."""

    value: float
    u: float
    shares_percent: dict[str, float]


def compute_loss_on_ignition(crucible_g: float, before_g: float, after_g: float, u_balance_g: float) -> Determined:
    """100 (before - after)/(before - crucible), all with the crucible, ignited at 1000 °C to constant mass.

    With m the portion and y the loss in percent: ∂/∂before = (100 - y)/m, ∂/∂after = -100/m, ∂/∂crucible = y/m.
    """
    portion = before_g - crucible_g
    if portion <= 0 or crucible_g <= 0 or after_g < crucible_g:
        raise ValueError("A loss on ignition needs a portion in the crucible, and what is left cannot weigh less than the empty crucible.")
    loss = 100 * (before_g - after_g) / portion
    parts = {"before": (100 - loss) / portion, "after": 100 / portion, "crucible": loss / portion}
    return _combine(loss, {name: slope * u_balance_g for name, slope in parts.items()})


@dataclass(frozen=True)
class Taken:
    """What was taken for a determination: ``mass_g`` dissolved to ``solution_ml``, of which ``aliquot_ml``; relative standard uncertainties
    of both volumes, of a repetition of the whole determination, and the balance's in g."""

    mass_g: float
    solution_ml: float
    aliquot_ml: float
    u_balance_g: float
    u_solution_percent: float
    u_aliquot_percent: float
    u_repeat_percent: float

    @property
    def factor(self) -> float:
        """100 V/(v m) in percent per g."""
        if self.mass_g <= 0 or not 0 < self.aliquot_ml <= self.solution_ml:
            raise ValueError("A determination needs a positive portion, and an aliquot no larger than its solution.")
        return 100 * self.solution_ml / (self.aliquot_ml * self.mass_g)

    def relatives(self, value: float) -> dict[str, float]:
        """The uncertainty each of these brings to a content of ``value`` percent, in percent absolute."""
        return {
            "portion": value * math.sqrt(2) * self.u_balance_g / self.mass_g,
            "solution": value * self.u_solution_percent / 100,
            "aliquot": value * self.u_aliquot_percent / 100,
            "repeatability": value * self.u_repeat_percent / 100,
        }


def compute_gravimetric_treo(taken: Taken, crucible_g: float, ignited_g: float, blank_g: float) -> Determined:
    """TREO in percent from oxalates ignited to oxides: 100 (ignited - crucible - blank) V/(v m).

    Rare earths precipitate as oxalates from weak acid, which leaves iron, aluminium and calcium mostly in solution, and ignite at 900 to
    1000 °C to the oxides they are reported as (CeO2, Pr6O11, Tb4O7, else M2O3). Thorium comes along.
    """
    oxide = ignited_g - crucible_g - blank_g
    if crucible_g <= 0 or oxide <= 0 or blank_g < 0:
        raise ValueError("The ignited crucible must weigh more than empty, beyond the blank.")
    value = oxide * taken.factor
    return _combine(value, taken.relatives(value) | {"ignited oxide": taken.factor * math.sqrt(2) * taken.u_balance_g})


@dataclass(frozen=True)
class Titration:
    """An EDTA titration at pH 5 to 6: titre and blank (mL), titrant (mol/L), grams of reporting oxide per mole of rare earth, and their
    uncertainties: of a burette reading (mL), relative ones (percent) of the titrant and the mean oxide mass."""

    titre_ml: float
    blank_ml: float
    titrant_mol_l: float
    mean_oxide_g_mol: float
    u_titre_ml: float
    u_titrant_percent: float
    u_mean_percent: float


def compute_titrimetric_treo(taken: Taken, titration: Titration) -> Determined:
    """TREO in percent from a complexometric titration, one EDTA a rare-earth ion: 100 c (V_t - V_0) M̄ V/(1000 v m)."""
    net = titration.titre_ml - titration.blank_ml
    if net <= 0 or titration.blank_ml < 0 or titration.titrant_mol_l <= 0 or titration.mean_oxide_g_mol <= 0:
        raise ValueError("A titration needs a titre above its blank, and a positive titrant and oxide mass.")
    value = titration.titrant_mol_l * net / 1000 * titration.mean_oxide_g_mol * taken.factor
    own = {
        "titre": value * math.sqrt(2) * titration.u_titre_ml / net,
        "titrant": value * titration.u_titrant_percent / 100,
        "mean oxide mass": value * titration.u_mean_percent / 100,
    }
    return _combine(value, taken.relatives(value) | own)


def compute_mean_oxide_mass(contents: Mapping[str, float]) -> float:
    """Grams of reporting oxide per mole of rare earth of a mixture, from its element contents in any one unit: Σ w f / Σ w/A."""
    if not contents or any(value < 0 for value in contents.values()) or not any(contents.values()):
        raise ValueError("A mean oxide mass needs the contents of the rare earths.")
    analytes = {symbol: find_analyte(symbol) for symbol in contents}
    oxides = math.fsum(value * analytes[symbol].factor for symbol, value in contents.items())
    return oxides / math.fsum(value / analytes[symbol].atomic_weight for symbol, value in contents.items())


@dataclass(frozen=True)
class Total:
    """The sum of what a product is made of, in percent, with its standard uncertainty, and whether it lies near 100 %."""

    value: float
    u: float
    near: bool


def check_total(treo: Determined, loi: Determined, other_percent: float, least: float, most: float) -> Total:
    """TREO + loss on ignition + other oxides; near when it lies from ``least`` to ``most`` percent."""
    if other_percent < 0:
        raise ValueError("Other oxides are not negative.")
    value = treo.value + loi.value + other_percent
    return Total(value, math.hypot(treo.u, loi.u), least <= value <= most)


def _combine(value: float, parts: Mapping[str, float]) -> Determined:
    total = math.fsum(part**2 for part in parts.values())
    shares = {name: 100 * part**2 / total if total else 0.0 for name, part in parts.items()}
    return Determined(value, math.sqrt(total), shares)
