"""Worked examples against the functions of the product (ISO/IEC 17025:2017, 7.11.2).

An example is a mapping with ``id``, ``topic``, ``inputs``, ``expected`` and ``tolerance`` (``rel 1e-6``, ``abs 1e-9``,
``exact``, ``exact string``). It passes when every expected value is given back within the tolerance; what is not known
fails with a sentence, it is never skipped.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assays.validation.calculation_topics import CALCULATION_CALCULATIONS
from assays.validation.calculations import Calculation, refuse_other_policies
from assays.validation.chemistry_topics import CHEMISTRY_CALCULATIONS
from assays.validation.qc_topics import QC_CALCULATIONS
from assays.validation.uncertainty_topics import UNCERTAINTY_CALCULATIONS

CALCULATIONS: tuple[Calculation, ...] = (
    *CHEMISTRY_CALCULATIONS,
    *UNCERTAINTY_CALCULATIONS,
    *QC_CALCULATIONS,
    *CALCULATION_CALCULATIONS,
)

_LONGEST_WORDS = 300

_PRINTED_DIGITS = 1e-9
"""Examples print ten figures: an exact number is one that agrees in these."""


@dataclass(frozen=True)
class Comparison:
    """One value of an example: what it expects and what the product computes (empty: nothing), in words, and whether they agree."""

    name: str
    expected: str
    computed: str
    agrees: bool

    @property
    def difference(self) -> str:
        """The disagreement in words."""
        if not self.computed:
            return f"{self.name}: no function gives it"
        return f"{self.name}: expected {self.expected}, got {self.computed}"


@dataclass(frozen=True)
class ExampleOutcome:
    """Whether an example is reproduced: every value compared, or the ``obstacle`` that kept it from being computed."""

    example_id: str
    topic: str
    comparisons: tuple[Comparison, ...] = ()
    obstacle: str = ""

    @property
    def passed(self) -> bool:
        """Whether something was compared and nothing differs."""
        return not self.obstacle and bool(self.comparisons) and all(one.agrees for one in self.comparisons)

    @property
    def differences(self) -> tuple[str, ...]:
        """Every difference in words."""
        found = tuple(one.difference for one in self.comparisons if not one.agrees)
        return (self.obstacle, *found) if self.obstacle else found


@dataclass(frozen=True)
class _Tolerance:
    relative: float
    absolute: float

    def accepts(self, expected: float, computed: float) -> bool:
        return math.isclose(expected, computed, rel_tol=self.relative, abs_tol=self.absolute)


class _Unknown(Exception):
    """Neither topic nor inputs lead to a function of the product."""


def check_example(example: Any) -> ExampleOutcome:
    """Compute an example and compare it with what it expects; never raises for what the example says."""
    if not isinstance(example, Mapping):
        return ExampleOutcome("", "", obstacle=f"an example is an object with topic, inputs, expected and tolerance, not {_say(example)}")
    example_id, topic = str(example.get("id", "")), str(example.get("topic", ""))
    try:
        return ExampleOutcome(example_id, topic, _compute_and_compare(topic, example))
    except _Unknown as error:
        obstacle = str(error)
    except Exception as error:  # a file of others says anything; each of its examples gets its line
        obstacle = f"cannot be calculated: {type(error).__name__}: {error}"
    return ExampleOutcome(example_id, topic, obstacle=obstacle)


def _compute_and_compare(topic: str, example: Mapping[str, Any]) -> tuple[Comparison, ...]:
    inputs, expected, tolerance = example["inputs"], example["expected"], _parse_tolerance(str(example["tolerance"]))
    if not isinstance(inputs, Mapping) or not isinstance(expected, Mapping):
        raise TypeError("inputs and expected are objects with named values")
    if not expected:
        raise _Unknown("nothing is expected, so nothing is shown")
    calculation = next((c for c in CALCULATIONS if c.fits(topic, inputs)), None)
    if calculation is None:
        known = any(c.topic == topic for c in CALCULATIONS)
        raise _Unknown(f"inputs not known for {topic}: {', '.join(map(str, inputs))}" if known else f"topic not known: {topic}")
    refuse_other_policies(inputs, calculation.policies)
    computed = {_plain(name): value for name, value in calculation.run(inputs, tuple(expected)).items()}
    found: list[Comparison] = []
    for name, value in expected.items():
        if _plain(name) in computed:
            found += _compare(name, value, computed[_plain(name)], tolerance)
        else:
            found.append(Comparison(name, _say(value), "", agrees=False))
    return tuple(found)


def _compare(path: str, expected: Any, computed: Any, tolerance: _Tolerance) -> list[Comparison]:
    if isinstance(computed, frozenset):
        # Signals of a chart: their order says nothing, their number does.
        same = sorted(map(tuple, expected)) == sorted(computed)
        return [Comparison(path, _say(expected), _say(sorted(map(list, computed))), same)]
    if isinstance(expected, Mapping) and isinstance(computed, Mapping) and expected:
        if missing := sorted(set(expected) - set(computed)):
            return [Comparison(path, _say(expected), f"nothing for {', '.join(missing)}", agrees=False)]
        return [one for key in expected for one in _compare(f"{path}.{key}", expected[key], computed[key], tolerance)]
    if _is_list(expected) and _is_list(computed) and expected and len(expected) == len(computed):
        pairs = zip(expected, computed, strict=True)
        return [one for i, (e, c) in enumerate(pairs) for one in _compare(f"{path}[{i}]", e, c, tolerance)]
    if _is_number(expected) and _is_number(computed):
        same = tolerance.accepts(expected, computed)
    else:
        same = type(expected) is type(computed) and expected == computed
    return [Comparison(path, _say(expected), _say(computed), same)]


def _say(value: Any) -> str:
    """A value in short; floats to twelve figures, for the last ones are noise."""
    if isinstance(value, float):
        return str(float(f"{value:.12g}"))
    text = ", ".join(map(_say, value)) if _is_list(value) else str(value)
    if _is_list(value):
        text = f"[{text}]" if text else "none"
    return text if len(text) <= _LONGEST_WORDS else f"{text[:_LONGEST_WORDS]}…"


def _parse_tolerance(text: str) -> _Tolerance:
    if text in ("exact", "exact string"):
        return _Tolerance(_PRINTED_DIGITS, 1e-12)
    kind, _, number = text.partition(" ")
    if kind == "rel":
        return _Tolerance(float(number), 1e-12)
    if kind == "abs":
        return _Tolerance(_PRINTED_DIGITS, float(number))
    raise ValueError(f"the tolerance {text!r} is not known")


def _plain(name: str) -> str:
    """``HREO_Gd_LuY`` and ``HREO_GdLuY`` are one name; case counts, for s_r and s_R are two."""
    return name.replace("_", "")


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
