"""Values outside the quantifiable range: kept with their qualifier, never as zero and never as the limit.

Bounds by substitution (0, half the limit, the limit) say what a sum may be; they are no estimate (Helsel, Statistics for
Censored Environmental Data, 2012).
"""

import math
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

_TEXT = re.compile(r"(?P<qualifier>[<>]?)\s*(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")

DETECTED_NOT_QUANTIFIED = "between LOD and LOQ (detected, not quantified)"
NOT_DETECTED = "below LOD (not detected)"


@dataclass(frozen=True)
class Censored:
    """A content with its qualifier: ``""`` quantified, ``"<"`` below ``value``, ``">"`` above ``value``.

    ``digits`` is the number as it was read, where it was read and not computed: 0.10 says more than 0.1.
    """

    value: float
    qualifier: str = ""
    digits: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if self.qualifier not in ("", "<", ">"):
            raise ValueError(f"A qualifier is empty, < or >; {self.qualifier!r} is not known.")

    @property
    def is_censored(self) -> bool:
        """Whether only a bound is known."""
        return self.qualifier != ""

    @property
    def lower(self) -> float:
        """The least it can be: 0 for ``<``."""
        return 0.0 if self.qualifier == "<" else self.value

    @property
    def half(self) -> float:
        """Half the limit for ``<``; the limit itself for ``>``, which has no middle."""
        return self.value / 2 if self.qualifier == "<" else self.value

    @property
    def upper(self) -> float:
        """The most it can be: infinite for ``>``."""
        return math.inf if self.qualifier == ">" else self.value

    @property
    def text(self) -> str:
        """As a report shows it: ``<0.06``."""
        return f"{self.qualifier}{self.digits or format(self.value, '.12g')}"

    def scale(self, factor: float) -> "Censored":
        """The same statement in another unit, oxide or basis."""
        return Censored(self.value * factor, self.qualifier)


@dataclass(frozen=True)
class Bounds:
    """A sum with censored members: none of them counted, each at half its limit, each at its limit."""

    lower: float
    half: float
    upper: float
    censored_count: int


@dataclass(frozen=True)
class Detection:
    """How a content is shown against its limits, and a ``flag`` in words, empty where it is quantified."""

    display: Censored
    flag: str


@dataclass(frozen=True)
class Average:
    """The mean of replicates; ``mean`` is None with a censored member, ``low`` and ``high`` bound it, ``report`` says what to print."""

    mean: float | None
    low: float
    high: float
    report: str


def parse_censored(text: str) -> Censored:
    """Read ``0.08``, ``<0.05`` or ``>1000``; raises ``ValueError`` on other text."""
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a number with an optional < or >.")
    return Censored(float(found["number"]), found["qualifier"], found["number"])


def sum_bounds(values: Collection[Censored]) -> Bounds:
    """Lower, half and upper sum and how many members are censored."""
    return Bounds(
        lower=math.fsum(v.lower for v in values),
        half=math.fsum(v.half for v in values),
        upper=sum(v.upper for v in values) if any(v.upper == math.inf for v in values) else math.fsum(v.upper for v in values),
        censored_count=sum(v.is_censored for v in values),
    )


def sum_with_substitution(values: Iterable[Censored], fraction: float) -> float:
    """Sum with every ``<`` member at ``fraction`` of its limit, as 1/√2; for comparison with other laboratories only."""
    return math.fsum(v.value * fraction if v.qualifier == "<" else v.value for v in values)


def censor_below_loq(value: float, lod: float, loq: float) -> Detection:
    """A content below LOQ becomes ``<LOQ``, flagged as detected or not by the LOD; at the LOQ it is quantified."""
    if not 0 <= lod <= loq:
        raise ValueError(f"The LOD ({lod}) must not be negative nor above the LOQ ({loq}).")
    if value >= loq:
        return Detection(Censored(value), "")
    return Detection(Censored(loq, "<"), DETECTED_NOT_QUANTIFIED if value >= lod else NOT_DETECTED)


def average_replicates(values: Collection[Censored]) -> Average:
    """The mean of replicates, refused where a member is censored: then only its bounds are known."""
    if not values:
        raise ValueError("An average needs at least one value.")
    bounds = sum_bounds(values)
    low, high = bounds.lower / len(values), bounds.upper / len(values)
    if bounds.censored_count == 0:
        return Average(low, low, high, f"{low:.12g}")
    quantified_first = sorted(values, key=lambda v: v.is_censored)
    listed = " and ".join(v.text for v in quantified_first)
    return Average(None, low, high, f"not averaged; report {listed} or flag")
