"""Worked examples against the functions of the product (ISO/IEC 17025:2017, 7.11.2).

An example is a mapping with ``id``, ``topic``, ``inputs``, ``expected`` and ``tolerance`` (``rel 1e-6``, ``abs 1e-9``,
``exact``, ``exact string``). It passes when every expected value is given back within the tolerance; what is not known
fails with a sentence, it is never skipped.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assays.validation.calculations import Calculation
from assays.validation.chemistry_topics import CHEMISTRY_CALCULATIONS
from assays.validation.qc_topics import QC_CALCULATIONS

CALCULATIONS: tuple[Calculation, ...] = (*CHEMISTRY_CALCULATIONS, *QC_CALCULATIONS)

_PRINTED_DIGITS = 1e-9
"""Examples print ten figures: an exact number is one that agrees in these."""


@dataclass(frozen=True)
class ExampleOutcome:
    """Whether an example is reproduced, and every difference in words."""

    example_id: str
    topic: str
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


@dataclass(frozen=True)
class _Tolerance:
    relative: float
    absolute: float

    def accepts(self, expected: float, computed: float) -> bool:
        return math.isclose(expected, computed, rel_tol=self.relative, abs_tol=self.absolute)


def check_example(example: Mapping[str, Any]) -> ExampleOutcome:
    """Compute an example and compare it with what it expects; never raises for what the example says."""
    example_id, topic = str(example.get("id", "")), str(example.get("topic", ""))
    try:
        differences = _find_differences(topic, example["inputs"], example["expected"], _parse_tolerance(str(example["tolerance"])))
    except (ValueError, KeyError, TypeError, ArithmeticError, AttributeError, IndexError) as error:
        differences = (f"cannot be calculated: {type(error).__name__}: {error}",)
    return ExampleOutcome(example_id, topic, differences)


def _find_differences(topic: str, inputs: Mapping[str, Any], expected: Mapping[str, Any], tolerance: _Tolerance) -> tuple[str, ...]:
    if not expected:
        return ("nothing is expected, so nothing is shown",)
    calculation = next((c for c in CALCULATIONS if c.fits(topic, inputs)), None)
    if calculation is None:
        known = any(c.topic == topic for c in CALCULATIONS)
        return (f"inputs not known for {topic}: {', '.join(inputs)}" if known else f"topic not known: {topic}",)
    computed = {_plain(name): value for name, value in calculation.run(inputs, tuple(expected)).items()}
    differences: list[str] = []
    for name, value in expected.items():
        if _plain(name) in computed:
            differences += _compare(name, value, computed[_plain(name)], tolerance)
        else:
            differences.append(f"{name}: no function gives it")
    return tuple(differences)


def _compare(path: str, expected: Any, computed: Any, tolerance: _Tolerance) -> list[str]:
    if isinstance(computed, frozenset):
        # Signals of a chart: their order says nothing, their number does.
        same = sorted(map(tuple, expected)) == sorted(computed)
        return [] if same else [f"{path}: expected {expected}, got {sorted(computed)}"]
    if isinstance(expected, Mapping) and isinstance(computed, Mapping):
        if missing := sorted(set(expected) - set(computed)):
            return [f"{path}: lacks {', '.join(missing)}"]
        return [line for key in expected for line in _compare(f"{path}.{key}", expected[key], computed[key], tolerance)]
    if _is_list(expected) and _is_list(computed):
        if len(expected) != len(computed):
            return [f"{path}: expected {len(expected)} values, got {len(computed)}"]
        pairs = zip(expected, computed, strict=True)
        return [line for i, (e, c) in enumerate(pairs) for line in _compare(f"{path}[{i}]", e, c, tolerance)]
    if _is_number(expected) and _is_number(computed):
        same = tolerance.accepts(expected, computed)
    else:
        same = type(expected) is type(computed) and expected == computed
    return [] if same else [f"{path}: expected {expected}, got {computed}"]


def _parse_tolerance(text: str) -> _Tolerance:
    if text in ("exact", "exact string"):
        return _Tolerance(_PRINTED_DIGITS, 1e-12)
    kind, _, number = text.partition(" ")
    if kind == "rel":
        return _Tolerance(float(number), 1e-12)
    if kind == "abs":
        return _Tolerance(0.0, float(number))
    raise ValueError(f"the tolerance {text!r} is not known")


def _plain(name: str) -> str:
    """``HREO_Gd_LuY`` and ``HREO_GdLuY`` are one name; case counts, for s_r and s_R are two."""
    return name.replace("_", "")


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
