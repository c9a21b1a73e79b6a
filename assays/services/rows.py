"""Rows entered together at the bench: all are kept or none, and what is wrong is said row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal

from lims.core.errors import DomainError, Invalid, Problem

_MILLIGRAM = Decimal("0.001")
_SMALLEST = Decimal("0.00001")


@dataclass
class Refusals:
    """Collects what is wrong with rows. A list of nothing but conflicts stays a conflict (409); anything else is invalid (422)."""

    problems: list[Problem] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    only_conflicts: bool = True

    def add(self, row: int, error: DomainError) -> None:
        """A refusal of the row with that index."""
        self.only_conflicts = self.only_conflicts and error.kind == "conflict"
        self.codes.append(error.code)
        found = error.problems or [Problem("", error.code, error.message)]
        self.problems += [Problem(f"/{row}{one.pointer}", one.code, one.detail) for one in found]

    def raise_if_any(self, rows: int) -> None:
        """Refuse all `rows`; the sentence names the first that is wrong and counts what else is."""
        if not self.problems:
            return
        first = self.problems[0]
        rest = len(self.problems) - 1
        place = f"Row {int(first.pointer.split('/')[1]) + 1}: " if rows > 1 else ""
        message = f"{place}{first.detail}" + (f" ({rest} more.)" if rest else "")
        kind = DomainError if self.only_conflicts else Invalid
        raise kind(self.codes[0], message, problems=self.problems)


def refuse_problems(code: str, problems: Sequence[Problem]) -> None:
    """Raise `Invalid` when there is any problem."""
    if problems:
        raise Invalid(code if len(problems) > 1 else problems[0].code, problems[0].detail, problems=problems)


def find_mass_problem(pointer: str, mass_g: Decimal, places: int) -> list[Problem]:
    """What is wrong with a mass in grams: not a number, not above zero, or finer than a balance with so many decimals."""
    if not mass_g.is_finite() or mass_g <= 0:
        return [Problem(pointer, "mass_not_positive", f"{mass_g} is not a mass. Give what was weighed, in grams, above zero.")]
    if mass_g != round(mass_g, places):
        return [Problem(pointer, "too_precise", f"{mass_g} g has more decimals than a balance shows: at most {places}, in grams.")]
    return []


def find_amount_problem(pointer: str, amount: Decimal | None, least: Decimal, most: Decimal, what: str) -> list[Problem]:
    """What is wrong with an amount that may be left out: not a number, or outside `least` (not 0 itself) to `most`."""
    if amount is None or (amount.is_finite() and max(least, _SMALLEST) <= amount <= most):
        return []
    return [Problem(pointer, "impossible", f"{amount} is impossible for {what}: it lies from {least or 'above 0'} to {most}.")]


def to_milligram(mass_g: Decimal) -> Decimal:
    """A mass as the custody ledger keeps it."""
    return mass_g.quantize(_MILLIGRAM, ROUND_HALF_EVEN)


def find_solution_problems(volume_ml: Decimal | None, dilution: Decimal | None) -> Iterator[Problem]:
    """What is wrong with a final volume or a dilution factor that replaces the method's."""
    yield from find_amount_problem("/volume_ml", volume_ml, Decimal(0), Decimal(100_000), "a final volume in mL")
    yield from find_amount_problem("/dilution", dilution, Decimal(1), Decimal(10_000_000), "a dilution factor")
