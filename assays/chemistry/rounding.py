"""Rounding once, at the edge, on decimals.

Half-even is the rule of IS 2, ISO 80000-1 Annex B (rule A) and ASTM E29; half-up is there for customers who ask for it.
Binary floats enter by their shortest decimal text, so 57.125 is the 57.125 that was meant.
"""

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache

_MOST_PLACES = 60
"""No content has as many places; 1E+999999999 written out would fill the memory."""


class Rule(StrEnum):
    """What happens to the digit before a 5 that is followed by nothing."""

    HALF_EVEN = ROUND_HALF_EVEN
    HALF_UP = ROUND_HALF_UP
    UP = ROUND_UP
    DOWN = ROUND_DOWN


@dataclass(frozen=True)
class Reported:
    """A value and its expanded uncertainty as printed; ``uncertainty_text`` is empty where there is none."""

    text: str
    uncertainty_text: str

    def with_unit(self, unit: str, coverage: str = "k=2") -> str:
        """``181.7 ± 4.4 mg/kg (k=2)``, or ``182 mg/kg`` without an uncertainty."""
        if not self.uncertainty_text:
            return f"{self.text} {unit}"
        return f"{self.text} ± {self.uncertainty_text} {unit} ({coverage})"


def round_significant(value: str | float | Decimal, figures: int, rule: Rule = Rule.HALF_EVEN) -> str:
    """``value`` to significant figures as plain text, trailing zeros kept: 99.95 to three is ``100``, 0.0009995 is ``0.00100``."""
    if figures < 1:
        raise ValueError("A number has at least one significant figure.")
    return _plain(_round_significant(_to_decimal(value), figures, rule))


def round_to_place(value: str | float | Decimal, exponent: int, rule: Rule = Rule.HALF_EVEN) -> str:
    """``value`` to the place 10^exponent as plain text: exponent -1 is one decimal, 2 is hundreds."""
    return _plain(_quantise(_to_decimal(value), exponent, rule))


def report(value: float, uncertainty: float | None, figures: int = 3, uncertainty_rule: Rule = Rule.HALF_EVEN) -> Reported:
    """A value with its expanded uncertainty: U to two figures, the value to the same place (QUAM 2012 section 9, GUM 7.2.6).

    Without an uncertainty (None or zero) the value gets ``figures`` significant figures.
    """
    if not uncertainty:
        return Reported(round_significant(value, figures), "")
    if uncertainty < 0:
        raise ValueError(f"An expanded uncertainty is not negative; got {uncertainty}.")
    rounded = _round_significant(_to_decimal(uncertainty), 2, uncertainty_rule)
    return Reported(round_to_place(value, rounded.adjusted() - 1), _plain(rounded))


def _round_significant(number: Decimal, figures: int, rule: Rule) -> Decimal:
    if number == 0:
        return Decimal(0)
    magnitude = number.adjusted()
    rounded = _quantise(number, magnitude - figures + 1, rule)
    # 99.95 becomes 100.0, which has a figure too many.
    return rounded if rounded.adjusted() == magnitude else _quantise(rounded, rounded.adjusted() - figures + 1, rule)


def _quantise(number: Decimal, exponent: int, rule: Rule) -> Decimal:
    return number.quantize(_unit_at(exponent), rule)


@lru_cache(maxsize=256)
def _unit_at(exponent: int) -> Decimal:
    return Decimal(1).scaleb(exponent)


def _to_decimal(value: str | float | Decimal) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a number.") from None
    if not number.is_finite() or abs(number.adjusted()) > _MOST_PLACES:
        raise ValueError(f"{value!r} cannot be rounded.")
    return number


def _plain(number: Decimal) -> str:
    # A result that rounds to nothing carries no sign.
    return format(abs(number) if number == 0 else number, "f")
