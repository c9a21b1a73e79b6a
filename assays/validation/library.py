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
    if fault := _find_fault(examples):
        raise ValueError(fault)
    return examples


def _find_fault(examples: list[Any]) -> str:
    """Why what JSON allows can be neither compared nor printed: nested without end, or half a character; empty where nothing is wrong."""
    waiting: list[tuple[Any, int]] = [(examples, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > _DEEPEST:
            return f"is nested more than {_DEEPEST} levels deep"
        if isinstance(value, dict):
            waiting += [(one, depth + 1) for pair in value.items() for one in pair]
        elif isinstance(value, list):
            waiting += [(one, depth + 1) for one in value]
        elif isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
            return f"holds half of a character (a lone surrogate) in {value[:60]!a}"
    return ""


def _read_files() -> Iterator[Any]:
    files = sorted(resources.files("assays.validation").joinpath("examples").iterdir(), key=lambda one: one.name)
    for file in files:
        if file.name.endswith(".json"):
            yield from json.loads(file.read_text(encoding="utf-8"))["examples"]
