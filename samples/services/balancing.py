"""The balance of mass where samples are split and mixed, to the milligram, and what it may lose."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from lims.core.errors import Problem
from samples.models import MaterialHandling, Sample
from samples.models.handling import USUAL_LOSS_PERCENT


def is_mass(mass: Decimal) -> bool:
    """Whether it is a mass in grams that a row can keep: finite, not negative, to the milligram."""
    return mass.is_finite() and 0 <= mass < 1_000_000 and round(mass, 3) == mass


def loss_tolerance(sample: Sample) -> Decimal:
    """The share that whoever holds the sample may lose of its material without being asked why, in percent."""
    found = MaterialHandling.of(sample.holder_id, sample.material)
    return found.loss_tolerance_percent if found is not None else USUAL_LOSS_PERCENT


def balance_problems(before: Decimal, loss: Decimal, sample: Sample, reason: str, *, pointer: str) -> list[Problem]:
    """What is wrong with `before` grams of which `loss` did not arrive: a gain beyond the tolerance for material and
    holder of the sample, a loss beyond it without reason."""
    percent = loss_tolerance(sample)
    tolerance = before * percent / 100
    if loss < -tolerance:
        detail = f"Parts and remainder weigh {-loss} g more than the sample's {before} g. Weigh again: nothing can be gained by a split."
        return [Problem(pointer, "mass_balance", detail)]
    if loss > tolerance and not reason.strip():
        detail = f"{loss} g of {before} g are lost, more than {percent.normalize():f} %. Weigh again, or say where they went."
        return [Problem("/reason", "mass_balance", detail)]
    return []


def seal_problems(seals: Sequence[str], pointer: str) -> list[Problem]:
    """Seals that cannot be put on: too long, used before, or named twice; `pointer` with `{index}` where there are several."""
    given = [seal.strip() for seal in seals]
    problems = []
    used = set(Sample.objects.filter(seal_number__in=[seal for seal in given if seal]).values_list("seal_number", flat=True))
    for index, seal in enumerate(given):
        where = pointer.format(index=index)
        if len(seal) > 40 or not (seal or "x").isprintable():
            problems.append(Problem(where, "too_long", "At most 40 printable characters."))
        elif seal and (seal in used or given.count(seal) > 1):
            problems.append(Problem(where, "duplicate_seal", f"Seal {seal} is used already. A seal is used once."))
    return problems
