"""The worked examples that come with the product: published ones, and ones computed apart from the product's code.

Each file of ``examples/`` holds ``{"examples": [...]}``; beside what every example has, ``source`` says where its numbers stand and
``basis`` whether they are published or follow from a published formula.
"""

import json
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

PUBLISHED = "published"
COMPUTED = "computed from the published formula"

_DEEPEST = 50
"""Levels of lists and objects; no shape of example needs more than six."""


@cache
def read_library() -> bytes:
    """All examples that come with the product, as one JSON document; the same bytes for the same release."""
    return json.dumps({"examples": list(_read_files())}, ensure_ascii=False).encode()


def parse_examples(data: bytes) -> list[Any]:
    """The examples of a file: a JSON list, or an object with the list ``examples``. Raises ``ValueError`` saying what is wrong."""
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is not JSON: {error}") from error
    examples = content.get("examples") if isinstance(content, dict) else content
    if not isinstance(examples, list) or not examples:
        raise ValueError("holds no examples. Give a list of objects, or an object with the list `examples`")
    if _measure_depth(examples) > _DEEPEST:
        raise ValueError(f"is nested more than {_DEEPEST} levels deep")
    return [_spell_halves(example) for example in examples]


def _measure_depth(value: Any) -> int:
    deepest, waiting = 0, [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        deepest = max(deepest, depth)
        if isinstance(one, dict):
            waiting += [(inner, depth + 1) for inner in one.values()]
        elif isinstance(one, list):
            waiting += [(inner, depth + 1) for inner in one]
    return deepest


def _spell_halves(value: Any) -> Any:
    """JSON allows half of a character (a lone surrogate), which no page, paper or terminal can show: it stands there as its escape."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_spell_halves(name): _spell_halves(inner) for name, inner in value.items()}
    return [_spell_halves(inner) for inner in value] if isinstance(value, list) else value


def _read_files() -> Iterator[Any]:
    files = sorted(resources.files("assays.validation").joinpath("examples").iterdir(), key=lambda one: one.name)
    for file in files:
        if file.name.endswith(".json"):
            yield from json.loads(file.read_text(encoding="utf-8"))["examples"]
