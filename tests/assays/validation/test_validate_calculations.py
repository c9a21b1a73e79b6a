"""The laboratory's own examples against the product's formulae, by a command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

# 2 g of 10 g are water: 20 %, and 40 mg/kg as received are 50 mg/kg dry; by hand.
_RIGHT = {
    "id": "dry",
    "topic": "moisture",
    "inputs": {"m_wet_g": 10.0, "m_dry_g": 8.0, "C_as_received_mg_kg": 40.0},
    "expected": {"C_dry_mg_kg": 50.0},
    "tolerance": "rel 1e-9",
}


def _write(tmp_path: Path, content: Any) -> str:
    path = tmp_path / "examples.json"
    path.write_text(json.dumps(content))
    return str(path)


@pytest.mark.parametrize("wrap", [lambda one: [one], lambda one: {"examples": [one]}])
def test_an_example_that_is_reproduced_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], wrap: Any) -> None:
    call_command("validate_calculations", _write(tmp_path, wrap(_RIGHT)))
    assert capsys.readouterr().out.splitlines() == ["ok   dry (moisture)", "1 passed, 0 failed"]


def test_an_example_that_is_not_reproduced_fails_with_both_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("validate_calculations", _write(tmp_path, [_RIGHT | {"expected": {"C_dry_mg_kg": 51.0}}]))
    assert ended.value.code == 1
    printed = ["FAIL dry (moisture): C_dry_mg_kg: expected 51.0, got 50.0", "0 passed, 1 failed"]
    assert capsys.readouterr().out.splitlines() == printed


@pytest.mark.parametrize(
    ("content", "sentence"), [([], "holds no examples"), ({"examples": 3}, "holds no examples"), ("x", "holds no examples")]
)
def test_a_file_without_examples_is_no_success(tmp_path: Path, content: Any, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("validate_calculations", _write(tmp_path, content))


def test_what_is_nested_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "examples.json"
    path.write_text(f"[{'[' * 900}{']' * 900}]")
    with pytest.raises(CommandError, match="more than 50 levels"):
        call_command("validate_calculations", str(path))


def test_half_a_character_stands_as_its_escape_and_the_other_examples_are_computed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    halves = {"id": "\ud800", "topic": "al\udfffchemy", "inputs": {}, "expected": {"\ud83d": 1}, "tolerance": "exact"}
    with pytest.raises(SystemExit):
        call_command("validate_calculations", _write(tmp_path, [halves, _RIGHT]))
    first, *others = capfd.readouterr().out.splitlines()
    assert first.startswith(r"FAIL \ud800 (al\udfffchemy): topic not known")
    assert others == ["ok   dry (moisture)", "1 passed, 1 failed"]


def test_what_is_no_example_gets_its_line_and_the_others_are_computed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strange = [
        1,
        None,
        [],
        {},
        {"topic": 5, "inputs": 1, "expected": {}, "tolerance": None},
        {"topic": "alchemy", "inputs": {}, "expected": {"x": 1}},
    ]
    with pytest.raises(SystemExit) as ended:
        call_command("validate_calculations", _write(tmp_path, [*strange, _RIGHT]))
    lines = capsys.readouterr().out.splitlines()
    assert ended.value.code == 1
    assert [line[:4] for line in lines[:-2]] == ["FAIL"] * len(strange)
    assert lines[-2:] == ["ok   dry (moisture)", f"1 passed, {len(strange)} failed"]


def test_deeply_nested_text_is_no_json(tmp_path: Path) -> None:
    bottomless = tmp_path / "deep.json"
    bottomless.write_text("[" * 100_000)
    with pytest.raises(CommandError, match="is not JSON"):
        call_command("validate_calculations", str(bottomless))


def test_what_is_no_file_or_no_json_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be opened"):
        call_command("validate_calculations", str(tmp_path / "nothing.json"))
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    with pytest.raises(CommandError, match="is not JSON"):
        call_command("validate_calculations", str(broken))
