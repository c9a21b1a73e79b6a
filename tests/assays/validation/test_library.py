"""The examples that come with the product: reproduced, sourced, and sharp enough that no number can be altered unnoticed."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Any

import pytest

from assays.validation.checking import CALCULATIONS, check_example
from assays.validation.library import COMPUTED, PUBLISHED, parse_examples, read_library

EXAMPLES = parse_examples(read_library())
_BY_ID = {example["id"]: example for example in EXAMPLES}


def test_there_are_enough_each_of_its_own_name_and_every_topic_has_one() -> None:
    assert len(EXAMPLES) == len(_BY_ID) >= 76
    assert {example["topic"] for example in EXAMPLES} == {calculation.topic for calculation in CALCULATIONS}


@pytest.mark.parametrize("example_id", sorted(_BY_ID))
def test_example_is_reproduced_and_says_where_its_numbers_stand(example_id: str) -> None:
    example = _BY_ID[example_id]
    assert check_example(example).differences == ()
    assert example["basis"] in {PUBLISHED, COMPUTED}
    assert example["source"]


def test_at_least_half_of_the_expectations_are_published() -> None:
    assert sum(example["basis"] == PUBLISHED for example in EXAMPLES) * 2 >= len(EXAMPLES)


def test_no_single_number_word_or_verdict_can_be_altered_unnoticed() -> None:
    altered = [(example["id"], path) for example in EXAMPLES for path, other in _alter_each(example) if check_example(other).passed]
    assert altered == []


def _alter_each(example: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    kind, _, number = example["tolerance"].partition(" ")
    for path in _leaves(example["expected"], ()):
        other = copy.deepcopy({**example, "inputs": {}})
        holder = other["expected"]
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = _alter(holder[path[-1]], kind, float(number) if kind in {"rel", "abs"} else 0.0)
        yield ".".join(map(str, path)), {**other, "inputs": example["inputs"]}


def _leaves(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, (dict, list)) and value:
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(item, (*path, step))
    else:
        yield path


def _alter(value: Any, kind: str, tolerance: float) -> Any:
    """The same kind of thing, just beyond what the tolerance can forgive on either side of a rounded number."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        allowed = abs(value) * tolerance if kind == "rel" else tolerance
        return value + max(2.5 * allowed, math.ulp(value), abs(value) * 1e-8, 1e-9)
    return [["none", 0]] if value == [] else "altered"
