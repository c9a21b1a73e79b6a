"""The shared worked examples; the folder is named by LIMS_SHARED_DATA, by default ../shared/data beside the checkout."""

import json
import os
from pathlib import Path

import pytest

from assays.chemistry.elements import ANALYTES, OXYGEN_WEIGHT
from assays.validation.checking import check_example

_DEFAULT = Path(__file__).resolve().parents[2].parent / "shared" / "data"
_FILE = Path(os.environ.get("LIMS_SHARED_DATA", _DEFAULT)) / "worked_examples.json"
_FOUND = json.loads(_FILE.read_text()) if _FILE.is_file() else {"examples": [], "conventions": {}}
_BY_ID = {example["id"]: example for example in _FOUND["examples"]}

needs_examples = pytest.mark.skipif(not _BY_ID, reason=f"No worked examples: set LIMS_SHARED_DATA to the folder of {_FILE.name}.")


@needs_examples
@pytest.mark.parametrize("example_id", sorted(_BY_ID))
def test_worked_example_is_reproduced(example_id):
    assert check_example(_BY_ID[example_id]).differences == ()


@needs_examples
def test_atomic_weights_are_those_of_the_examples():
    weights = dict(_FOUND["conventions"]["atomic_weights"])
    assert weights.pop("O") == OXYGEN_WEIGHT
    assert weights == {symbol: analyte.atomic_weight for symbol, analyte in ANALYTES.items()}


@needs_examples
@pytest.mark.parametrize("example_id", sorted(_BY_ID))
def test_worked_example_fails_when_its_numbers_are_altered(example_id):
    example = _BY_ID[example_id]
    assert not check_example({**example, "expected": _alter(example["expected"])}).passed


def _alter(value):
    if isinstance(value, dict):
        return {key: _alter(item) for key, item in value.items()}
    if isinstance(value, list):
        return [*value, value[0]] if value else ["altered"]
    if isinstance(value, bool):
        return not value
    return value * 1.001 + 0.001 if isinstance(value, int | float) else "altered"
