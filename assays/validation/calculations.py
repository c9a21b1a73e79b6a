"""How worked examples find the functions of the product: by topic and by the names of their inputs."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

Inputs = Mapping[str, Any]
Outputs = dict[str, Any]


@dataclass(frozen=True)
class Calculation:
    """One shape of example.

    ``needs`` are patterns, each of which must match the name of an input; ``run`` takes the inputs and the names of the
    outputs asked for, some of which carry a number (``s_at_10ppm``), and may give more outputs than were asked for.
    ``policies`` are those the product follows, by name with a pattern of their words; other words are refused.
    """

    topic: str
    needs: tuple[str, ...]
    run: Callable[[Inputs, Collection[str]], Outputs]
    policies: Mapping[str, str] = field(default_factory=dict)

    def fits(self, topic: str, inputs: Inputs) -> bool:
        """Whether an example of this topic with these inputs has this shape."""
        return topic == self.topic and all(any(re.fullmatch(need, name) for name in inputs) for need in self.needs)


def take(inputs: Inputs, *names: str) -> Any:
    """The first input present under one of its usual names; ``ValueError`` names what is missing."""
    for name in names:
        if name in inputs:
            return inputs[name]
    raise ValueError(f"The input {names[0]} is missing.")


def match_names(names: Collection[str], pattern: str) -> list[re.Match[str]]:
    """The names that a pattern matches in full, with what it captures."""
    return [found for name in names if (found := re.fullmatch(pattern, name))]


def take_match(inputs: Inputs, pattern: str) -> tuple[re.Match[str], Any]:
    """The one input whose name matches, with its value."""
    found = match_names(inputs, pattern)
    if len(found) != 1:
        raise ValueError(f"One input like {pattern} is needed; {len(found)} are there.")
    return found[0], inputs[found[0].group()]


def refuse_other_policies(inputs: Inputs, followed: Mapping[str, str]) -> None:
    """Raise ``ValueError`` where an example asks for another policy than the product follows.

    `followed` maps the name of a policy to a pattern of the words for it. What is not said is the product's own; a name that means nothing
    to the calculation cannot change its numbers, and those are compared.
    """
    policy: Mapping[str, Any] = inputs.get("policy") or {}
    for name, words in policy.items():
        if name in followed and not re.search(followed[name], str(words)):
            raise ValueError(f"the policy {name}: {words!r} is not one the product follows")
