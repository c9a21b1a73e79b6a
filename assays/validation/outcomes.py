"""What a run of many examples gave, as plain data that is kept byte for byte."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from assays.validation.checking import ExampleOutcome, check_example

MOST_EXAMPLES = 1000
MOST_NUMBERS = 50_000
"""A file within these is computed in a few seconds."""

_LONGEST_WORD = 300


def find_excess(examples: Sequence[Any]) -> str:
    """Why a file is too large to compute while somebody waits; empty where it is not."""
    if len(examples) > MOST_EXAMPLES:
        return f"It holds {len(examples)} examples; at most {MOST_EXAMPLES} are computed at once. Divide it."
    numbers = _count_numbers(examples)
    if numbers > MOST_NUMBERS:
        return f"It holds {numbers} numbers; at most {MOST_NUMBERS} are computed at once. Divide it."
    return ""


def check_examples(examples: Sequence[Any]) -> list[dict[str, Any]]:
    """Each example as a row: id, topic, source, tolerance, passed, obstacle, values (name, expected, computed, agrees)."""
    return [_describe(example, check_example(example)) for example in examples]


def write_outcomes(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The rows as the bytes that are kept and hashed."""
    return json.dumps(rows, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()


def read_outcomes(data: bytes) -> list[dict[str, Any]]:
    """The rows of bytes that were kept."""
    found: list[dict[str, Any]] = json.loads(data)
    return found


def _describe(example: Any, outcome: ExampleOutcome) -> dict[str, Any]:
    words = example if isinstance(example, Mapping) else {}
    return {
        "id": outcome.example_id[:_LONGEST_WORD],
        "topic": outcome.topic[:_LONGEST_WORD],
        "source": str(words.get("source", ""))[:_LONGEST_WORD],
        "basis": str(words.get("basis", ""))[:_LONGEST_WORD],
        "tolerance": str(words.get("tolerance", ""))[:_LONGEST_WORD],
        "passed": outcome.passed,
        "obstacle": outcome.obstacle[:_LONGEST_WORD],
        "values": [{"name": c.name, "expected": c.expected, "computed": c.computed, "agrees": c.agrees} for c in outcome.comparisons],
    }


def _count_numbers(value: Any) -> int:
    waiting, count = [value], 0
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
        else:
            count += 1
    return count
