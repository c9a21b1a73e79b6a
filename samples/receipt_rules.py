"""What a receipt compares: the seal, container and mass a sample left with against those it arrived with. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

# A bag may lose a little moisture and two balances differ a little: 1 % of the mass, but at least 2 g (the readability of two field scales
# of 1 g). A working assumption of this product, not a limit of a standard; change it here.
MASS_TOLERANCE_SHARE = Decimal("0.01")
MASS_TOLERANCE_FLOOR_G = Decimal("2")


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
    """One difference: a kind of discrepancy and a sentence that tells both sides and no origin."""

    kind: str
    detail: str


def mass_tolerance_g(sent_g: Decimal) -> Decimal:
    """How far the mass may be off, in grams."""
    return max(abs(sent_g) * MASS_TOLERANCE_SHARE, MASS_TOLERANCE_FLOOR_G)


def compare_receipt(sent: Sent, arrived: Arrived) -> list[Deviation]:
    """Every difference that somebody has to decide on; empty when the sample arrived as it left."""
    found = [
        _compare_seal_state(sent, arrived),
        _compare_seal_number(sent, arrived),
        _compare_container(sent, arrived),
        _compare_mass(sent, arrived),
    ]
    return [deviation for deviation in found if deviation is not None]


def _compare_seal_state(sent: Sent, arrived: Arrived) -> Deviation | None:
    if arrived.seal_condition == "broken":
        seal = arrived.seal_number or sent.seal_number
        return Deviation("seal_broken", f"Seal {seal} arrived broken." if seal else "A seal without a number arrived broken.")
    if sent.seal_number and arrived.seal_condition in {"missing", "none"}:
        return Deviation("seal_missing", f"Seal {sent.seal_number} was applied; none was found.")
    return None


def _compare_seal_number(sent: Sent, arrived: Arrived) -> Deviation | None:
    if not arrived.seal_number or _plain(arrived.seal_number) == _plain(sent.seal_number):
        return None
    applied = f"Seal {sent.seal_number} was applied" if sent.seal_number else "No seal was applied"
    return Deviation("seal_differs", f"{applied}; seal {arrived.seal_number} was found.")


def _plain(seal: str) -> str:
    """Seal numbers are compared without blanks and in capitals, as scanners and people write them differently."""
    return "".join(seal.split()).upper()


def _compare_container(sent: Sent, arrived: Arrived) -> Deviation | None:
    words = [] if arrived.container_intact else ["The container arrived damaged."]
    if arrived.container_count is not None and arrived.container_count != sent.container_count:
        words.append(f"{sent.container_count} container(s) left; {arrived.container_count} arrived.")
    return Deviation("container", " ".join(words)) if words else None


def _compare_mass(sent: Sent, arrived: Arrived) -> Deviation | None:
    if arrived.mass_g is None:
        return None
    tolerance, difference = mass_tolerance_g(sent.mass_g), arrived.mass_g - sent.mass_g
    if abs(difference) <= tolerance:
        return None
    return Deviation(
        "mass", f"{sent.mass_g:f} g left; {arrived.mass_g:f} g arrived: {difference:+f} g, where ±{tolerance.normalize():f} g is tolerated."
    )
