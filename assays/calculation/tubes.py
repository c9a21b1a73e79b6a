"""What was measured in the tubes of a run, as counts, and how each tube serves the calculation. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from assays.calculation.plan import EVERY


class Role(StrEnum):
    """What a tube is to the calculation."""

    STANDARD = "standard"
    DRIFT = "drift check"
    PURE = "single-element solution"
    OTHER = "other"


@dataclass(frozen=True)
class Tube:
    """One acquisition: tube `number` measured as the `order`-th of the session. `signals` and `standards` are counts per second by element,
    at the isotope the method names; `cells` the replicates behind each signal with the ids of their readings. `over` are elements whose
    detector was saturated. `nominal` is what the tube is known to hold, µg/L by symbol or `*`."""

    order: int
    number: int
    label: str
    role: Role
    signals: Mapping[str, float]
    standards: Mapping[str, float] = field(default_factory=dict)
    nominal: Mapping[str, float] = field(default_factory=dict)
    cells: Mapping[str, tuple[tuple[float, str], ...]] = field(default_factory=dict)
    over: frozenset[str] = frozenset()

    def holds(self, symbol: str) -> float | None:
        """The known amount of an element in µg/L, None where it is not known."""
        return self.nominal.get(symbol, self.nominal.get(EVERY))

    @property
    def is_calibration_blank(self) -> bool:
        """Whether it is a standard that holds nothing."""
        return self.role == Role.STANDARD and bool(self.nominal) and not any(self.nominal.values())


@dataclass(frozen=True)
class Fault:
    """Why a run cannot be computed as its method says: an element, empty where all are concerned, and a sentence."""

    code: str
    analyte: str
    sentence: str
