"""Radiation: when a dose rate sends a sample to quarantine, and when activities clear it. Pure.

A decision about safety inverts the usual one (ILAC-G8:09/2019, a guard band of the whole expanded uncertainty on the safe side): a
sample is held unless value + U is below the limit. A bound is taken at its unsafe end: `<` at its limit, `>` as no clearance at all.

Sources. 1 Bq/g for each radionuclide of the uranium and thorium series: IAEA RS-G-1.7 (2004), Table 1, and GSR Part 3 (2014), Table I.3;
whether and how a country's regulator applies it must be read in that regulator's text. Chemical processing parts the daughters (Ra-226,
Ra-228, Pb-210; Ac-227 follows La) from Th and U, so a content of Th and U never clears a processed product: IAEA Safety Reports Series 49
and 68 ask for measurements of the material itself there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

# Chemistry has been done on these: the series are no longer in equilibrium.
PROCESSED_MATERIALS = frozenset({"liquor", "carbonate", "oxide"})
# What a gamma spectrum of a processed rare-earth product has to speak of: the long-lived members (or their daughters) that part from Th
# and U, of both series. Ra-228 stands for its short-lived daughter Ac-228, by which it is measured.
NUCLIDES_OF_PROCESSED = ("Th-232", "U-238", "Ra-226", "Ra-228", "Pb-210")
NUCLIDES_OF_NATURAL = ("Th-232", "U-238")
QUALIFIERS = ("", "<", ">")


@dataclass(frozen=True)
class DoseRateVerdict:
    """`net` and `highest` (net + U) in µSv/h; `passed` only where `highest` is below the limit."""

    net: Decimal
    highest: Decimal
    passed: bool


def judge_dose_rate(dose_rate: Decimal, background: Decimal, uncertainty: Decimal, limit: Decimal) -> DoseRateVerdict:
    """A dose rate at a closed package against a limit above background, all in µSv/h; `uncertainty` is the expanded one of the net rate.

    Quarantine unless (rate - background) + U < limit. A rate below background is taken as no excess, never as a credit.
    """
    net = max(dose_rate - background, Decimal(0))
    highest = net + uncertainty
    return DoseRateVerdict(net, highest, highest < limit)


@dataclass(frozen=True)
class NuclideActivity:
    """One nuclide in Bq/g: value, expanded uncertainty U with its coverage factor k, and whether the value is a bound (`<`, `>`)."""

    nuclide: str
    activity: Decimal
    uncertainty: Decimal = Decimal(0)
    k: Decimal = Decimal(2)
    qualifier: str = ""

    @property
    def highest(self) -> Decimal | None:
        """The most it may be in Bq/g; None where it may be anything above a bound."""
        if self.qualifier == ">":
            return None
        return self.activity if self.qualifier == "<" else self.activity + self.uncertainty


@dataclass(frozen=True)
class Clearance:
    """Whether a sample is clear of its limit; `reasons` say why not, `exceeded` names the nuclides that reach the limit."""

    reasons: tuple[str, ...]
    exceeded: tuple[str, ...]

    @property
    def cleared(self) -> bool:
        """Only where nothing stands against it."""
        return not self.reasons


def judge_activities(found: Sequence[NuclideActivity], limit: Decimal, *, processed: bool, by_gamma: bool) -> Clearance:
    """Cleared only where every nuclide that matters was found and each has value + U below the limit (Bq/g).

    `processed` marks chemical products, which nothing but gamma spectrometry (`by_gamma`) of all of `NUCLIDES_OF_PROCESSED` clears.
    """
    reasons: list[str] = []
    if processed and not by_gamma:
        reasons.append("A chemically processed product needs gamma spectrometry; contents of Th and U do not clear it.")
    needed = NUCLIDES_OF_PROCESSED if processed and by_gamma else NUCLIDES_OF_NATURAL
    given = {one.nuclide for one in found}
    reasons += [f"{name} was not measured." for name in needed if name not in given]
    exceeded = []
    for one in found:
        highest = one.highest
        if highest is not None and highest < limit:
            continue
        exceeded.append(one.nuclide)
        if highest is None:
            reasons.append(f"{one.nuclide} is above {one.activity:f} Bq/g, the end of the measuring range; the limit is {limit:f} Bq/g.")
        elif one.qualifier == "<":
            reasons.append(f"{one.nuclide} is only known to be below {one.activity:f} Bq/g; the limit is {limit:f} Bq/g.")
        else:
            reasons.append(
                f"{one.nuclide}: {one.activity:f} + {one.uncertainty:f} (k = {one.k:f}) = {highest:f} Bq/g; the limit is {limit:f} Bq/g."
            )
    return Clearance(tuple(reasons), tuple(exceeded))


def nuclide_text(one: Mapping[str, str]) -> str:
    """`Th-232 1.21 ± 0.12 Bq/g (k = 2)`, `U-238 <0.05 Bq/g`."""
    spread = f" ± {one['uncertainty']}" if Decimal(one["uncertainty"]) and not one["qualifier"] else ""
    return f"{one['nuclide']} {one['qualifier']}{one['activity']}{spread} Bq/g" + (f" (k = {one['k']})" if spread else "")
