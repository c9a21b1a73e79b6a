"""Every step of every life has its story: a test that takes it and a test that meets a refusal of it. The tables of the lives decide what
must stand here; a step without a story, or a story that is gone, fails."""

from __future__ import annotations

import ast
import csv
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest

from assays.lifecycle import RUN, SUBMISSION, TEST
from assays.nonconformities.lifecycle import NONCONFORMITY
from lims.core.transitions import Machine
from samples.lifecycle import CONSIGNMENT, SAMPLE

MACHINES = (SAMPLE, CONSIGNMENT, TEST, RUN, SUBMISSION, NONCONFORMITY)
TESTS = Path(__file__).parents[1]
# Step, the file and test that takes it, the file and test that is refused it.
TABLE = Path(__file__).with_name("narratives.csv")


def read_stories() -> dict[str, tuple[str, str]]:
    """The stories by step."""
    with TABLE.open(newline="") as file:
        return {row["step"]: (row["taken"], row["refused"]) for row in csv.DictReader(file)}


@cache
def names_in(path: str) -> frozenset[str]:
    """The names of the tests of a file."""
    tree = ast.parse((TESTS / path).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"))


def test_every_step_of_every_life_has_its_story_and_no_story_is_of_a_step_that_is_gone() -> None:
    steps = {f"{machine.noun}.{one.name}" for machine in MACHINES for one in machine.transitions}
    assert steps - set(read_stories()) == set(), "a step without its story: write one, and name it here"
    assert set(read_stories()) - steps == set()


def test_the_stories_that_are_named_are_told() -> None:
    gone = {place for pair in read_stories().values() for place in pair if place.split("::")[1] not in names_in(place.split("::")[0])}
    assert gone == set()


@pytest.mark.parametrize(("machine", "name"), [(machine, one.name) for machine in MACHINES for one in machine.transitions])
def test_from_every_other_state_the_step_is_refused_by_the_names_of_the_states_it_starts_in(machine: Machine, name: str) -> None:
    step = machine.find(name)
    for state in set(machine.states) - step.sources:
        [blocker] = machine.blockers(SimpleNamespace(state=state), name)
        assert blocker.code == "wrong_state"
        assert f"“{machine.states[state]}”" in blocker.sentence
        assert all(f"“{machine.states[source]}”" in blocker.sentence for source in step.sources)
