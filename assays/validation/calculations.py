"""How worked examples find the functions of the product: by topic and by the names of their inputs."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

Inputs = Mapping[str, Any]
Outputs = dict[str, Any]


@dataclass(frozen=True)
class Calculation:
    """One shape of example.

    ``needs`` are patterns, each of which must match the name of an input; ``run`` takes the inputs and the names of the
    outputs asked for, some of which carry a number (``s_at_10ppm``), and may give more outputs than were asked for.
    """

    topic: str
    needs: tuple[str, ...]
    run: Callable[[Inputs, Collection[str]], Outputs]

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


MASSES = {"kg": 1000.0, "g": 1.0, "mg": 0.001}
VOLUMES = {"L": 1000.0, "mL": 1.0, "uL": 0.001}


def take_amount(inputs: Inputs, names: str, sizes: Mapping[str, float]) -> float:
    """The input whose name is one of `names` (a pattern) and a unit of `sizes` (`MASSES`: in g, `VOLUMES`: in mL), as `test_portion_mg`;
    ``ValueError`` names what is missing."""
    named = match_names(inputs, rf"(?:{names})_({'|'.join(sizes)})")
    if len(named) != 1:
        wanted = " or ".join(names.split("|"))
        raise ValueError(f"One input {wanted} with its unit ({', '.join(sizes)}) at the end is needed; {len(named)} are there.")
    return float(inputs[named[0].group()]) * sizes[named[0][1]]


def refuse_other_policies(inputs: Inputs, followed: Mapping[str, str]) -> None:
    """Raise ``ValueError`` where an example asks for another policy than the product's; `followed` maps the policy's name to a pattern of
    the words for it. What is not said is the product's own."""
    policy: Mapping[str, Any] = inputs.get("policy", {})
    for name, pattern in followed.items():
        if name in policy and not re.search(pattern, str(policy[name])):
            raise ValueError(f"the policy {name}: {policy[name]!r} is not one the product follows")
