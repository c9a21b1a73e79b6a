"""What a receipt compares: the seal, container and mass a sample left with against those it arrived with. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from samples.seal_numbers import plain_seal

# A bag may lose a little moisture and two balances differ a little: 1 % of the mass, but at least 2 g (the readability of two field scales
# of 1 g). A working assumption of this product, not a limit of a standard.
MASS_TOLERANCE_SHARE = Decimal("0.01")
MASS_TOLERANCE_FLOOR_G = Decimal("2")


@dataclass(frozen=True, kw_only=True)
class MassTolerance:
    """A share of the mass, but at least so many grams. A laboratory sets its own in its door policy."""

    share: Decimal = MASS_TOLERANCE_SHARE
    floor_g: Decimal = MASS_TOLERANCE_FLOOR_G


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What a sample left with; an empty seal number means it was not sealed. Mass in grams."""

    seal_number: str
    container_count: int
    mass_g: Decimal


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """What was found of it. None: not counted, not weighed. `seal_condition` is intact, broken, missing or none (none was applied)."""

    seal_number: str
    seal_condition: str
    container_intact: bool
    container_count: int | None
    mass_g: Decimal | None


@dataclass(frozen=True)
class Deviation:
    """One difference: a kind of discrepancy and a sentence that tells both sides and no origin. `outer` is the place, among the outer seals
    that were looked at, of the one it was found on."""

    kind: str
    detail: str
    outer: int | None = None


USUAL_TOLERANCE = MassTolerance()


def mass_tolerance_g(sent_g: Decimal, tolerance: MassTolerance = USUAL_TOLERANCE) -> Decimal:
    """How far the mass may be off, in grams."""
    return max(abs(sent_g) * tolerance.share, tolerance.floor_g)


def compare_receipt(sent: Sent, arrived: Arrived, tolerance: MassTolerance = USUAL_TOLERANCE) -> list[Deviation]:
    """Every difference that somebody has to decide on; empty when the sample arrived as it left."""
    found = [
        _compare_seal_state(sent, arrived),
        _compare_seal_number(sent, arrived),
        _compare_container(arrived),
        _compare_count(sent, arrived),
        _compare_mass(sent, arrived, tolerance),
    ]
    return [deviation for deviation in found if deviation is not None]


def compare_outer_seal(applied: str, number: str, condition: str) -> list[Deviation]:
    """What is wrong with the seal around several samples: the one that was applied (empty: none) against the one that was found."""
    sent = Sent(seal_number=applied, container_count=1, mass_g=Decimal(0))
    found = Arrived(seal_number=number, seal_condition=condition, container_intact=True, container_count=None, mass_g=None)
    return compare_receipt(sent, found)


def _compare_seal_state(sent: Sent, arrived: Arrived) -> Deviation | None:
    if arrived.seal_condition == "broken":
        seal = arrived.seal_number or sent.seal_number
        return Deviation("seal_broken", f"Seal {seal} arrived broken." if seal else "A seal without a number arrived broken.")
    if sent.seal_number and arrived.seal_condition in {"missing", "none"}:
        return Deviation("seal_missing", f"Seal {sent.seal_number} was applied; none was found.")
    return None


def _compare_seal_number(sent: Sent, arrived: Arrived) -> Deviation | None:
    if not arrived.seal_number or plain_seal(arrived.seal_number) == plain_seal(sent.seal_number):
        return None
    applied = f"Seal {sent.seal_number} was applied" if sent.seal_number else "No seal was applied"
    return Deviation("seal_differs", f"{applied}; seal {arrived.seal_number} was found.")


def _compare_container(arrived: Arrived) -> Deviation | None:
    return None if arrived.container_intact else Deviation("container", "The container arrived damaged.")


def _compare_count(sent: Sent, arrived: Arrived) -> Deviation | None:
    if arrived.container_count is None or arrived.container_count == sent.container_count:
        return None
    kind = "container_missing" if arrived.container_count < sent.container_count else "container_extra"
    return Deviation(kind, f"{sent.container_count} container(s) left; {arrived.container_count} arrived.")


def _compare_mass(sent: Sent, arrived: Arrived, allowed: MassTolerance) -> Deviation | None:
    if arrived.mass_g is None:
        return None
    tolerance, difference = mass_tolerance_g(sent.mass_g, allowed), arrived.mass_g - sent.mass_g
    if abs(difference) <= tolerance:
        return None
    return Deviation(
        "mass", f"{sent.mass_g:f} g left; {arrived.mass_g:f} g arrived: {difference:+f} g, where ±{tolerance.normalize():f} g is tolerated."
    )
