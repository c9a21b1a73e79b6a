"""What quality control says: a verdict per control and analyte, with everything it was drawn from."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """From best to worst; ``blocked`` is for a whole run that lacks what its method asks for."""

    PASS = "pass"  # noqa: S105
    WARN = "warn"
    FAIL = "fail"
    BLOCKED = "blocked"


def write_number(value: float, figures: int = 4) -> str:
    """A number in a sentence, to so many significant figures, large ones written out: 11880, 28.29, 0.0026."""
    text = f"{value:.{figures}g}"
    return f"{float(text):.0f}" if "e+" in text else text


@dataclass(frozen=True)
class Reading:
    """A content or signal; ``value`` is None where there is none, ``qualifier`` is ``""``, ``"<"`` or ``">"``."""

    value: float | None
    qualifier: str = ""

    @property
    def text(self) -> str:
        """As a sentence shows it."""
        return "no reading" if self.value is None else f"{self.qualifier}{write_number(self.value)}"


@dataclass(frozen=True)
class Verdict:
    """One judgement.

    ``kind`` and ``control`` say what was judged, ``analyte`` for which element (empty where it concerns none);
    ``statistic`` names ``value``, ``limit`` is the criterion as text, ``rule`` the rule's name in ``rules.RULES``;
    ``sentence`` says it in English for a person.
    """

    kind: str
    control: str
    analyte: str
    statistic: str
    value: float | None
    limit: str
    rule: str
    outcome: Outcome
    sentence: str


_SEVERITY = tuple(Outcome)

_LAST_DIGITS = 1e-12


def exceeds(value: float, limit: float) -> bool:
    """Whether ``value`` lies beyond ``limit``, the last binary digits apart.

    10.4 against 10.0 ± 2 x 0.2 stands on the limit for a person with a pencil; binary floats make z = 2.0000000000000018 of it.
    """
    return value > limit and not math.isclose(value, limit, rel_tol=_LAST_DIGITS)


def find_worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The worst of several outcomes; ``pass`` for none."""
    return max(outcomes, key=_SEVERITY.index, default=Outcome.PASS)
