"""Table-driven state machines, pure. A machine is data: the page greys a button out, the API answers 409 and the documentation draws
its diagram from the same table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lims.core.errors import Blocked, Blocker

Guard = Callable[[Any], "list[Blocker]"]


@dataclass(frozen=True)
class Transition:
    """One allowed step. `guards` take the subject and return blockers; an empty list lets it pass."""

    name: str
    sources: frozenset[str]
    target: str
    guards: tuple[Guard, ...] = ()


def step(name: str, sources: Iterable[str], target: str, *guards: Guard) -> Transition:
    """Write one row of a machine's table."""
    return Transition(name, frozenset(sources), target, guards)


@dataclass(frozen=True)
class Machine:
    """The life of one kind of record: its states in order with their labels, and the steps between them."""

    noun: str
    states: Mapping[str, Any]
    transitions: tuple[Transition, ...]

    def find(self, name: str) -> Transition:
        """The transition called `name`; an unknown name is a mistake of the caller (`KeyError`)."""
        for transition in self.transitions:
            if transition.name == name:
                return transition
        raise KeyError(name)

    def blockers(self, subject: Any, name: str) -> list[Blocker]:
        """Why `subject` (with an attribute `state`) cannot take the step now; empty when it can."""
        transition = self.find(name)
        state = subject.state
        if state not in transition.sources:
            wanted = " or ".join(f"“{label}”" for label in sorted(str(self.states[source]) for source in transition.sources))
            sentence = f"This {self.noun} stands at “{self.states[state]}”; for the step “{name.replace('_', ' ')}” it must be {wanted}."
            return [Blocker("wrong_state", sentence)]
        return [blocker for guard in transition.guards for blocker in guard(subject)]

    def target(self, subject: Any, name: str) -> str:
        """The state after the step; raises `Blocked` with every blocker when it is refused."""
        found = self.blockers(subject, name)
        if found:
            raise Blocked(found)
        return self.find(name).target

    def available(self, subject: Any) -> list[str]:
        """The names of the steps that could be taken now."""
        return [transition.name for transition in self.transitions if not self.blockers(subject, transition.name)]
