"""How a weighed mass and a computed number are written, everywhere the same. Pure."""

from __future__ import annotations

from decimal import Decimal

_BALANCE_PLACES = 4
"""What an analytical balance shows: 0.1 mg."""
_LEAST_EXPONENT = -4
"""Below, leading zeros are harder to count than a power of ten is to read."""
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def mass_text(mass: Decimal | str | None) -> str | None:
    """A mass in g to 0.1 mg, and farther where it was weighed farther: 0.1020 and 0.10204, never 0.102 in one place and 0.10200 in
    another."""
    if mass is None or mass == "":
        return None
    whole, _point, places = format(Decimal(str(mass)), "f").partition(".")
    return f"{whole}.{places.rstrip('0').ljust(_BALANCE_PLACES, '0')}"


def figures_text(number: float | Decimal, count: int) -> str:
    """A computed number to `count` significant figures, trailing zeros kept: 24707.0, 0.00580, 5.28 × 10⁻⁵, −0.620; nought is 0."""
    exact = Decimal(str(number))
    if not exact:
        return "0"
    mantissa, exponent = f"{exact:.{count - 1}e}".replace("-", "−", int(exact < 0)).split("e")
    if int(exponent) < _LEAST_EXPONENT:
        return f"{mantissa} × 10{str(int(exponent)).translate(_RAISED)}"
    places = max(0, count - 1 - int(exponent))
    rounded = Decimal(f"{exact:.{count - 1}e}")
    return f"{rounded:.{places}f}".replace("-", "−")


def places_text(number: float | Decimal | str | None, count: int) -> str:
    """A computed number to `count` decimal places, with a true minus sign and none before nought; nothing for none."""
    return "" if number is None or number == "" else f"{Decimal(str(number)):z.{count}f}".replace("-", "−")
