"""`parse_export`: the file's readings on standard output, or the place of its fault on standard error."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from assays.instruments.writers import BatchAnalyte, BatchRow, BatchValues, write_batch_table

ROOT = Path(__file__).resolve().parents[3]
VALUES = {"Dy": BatchValues(Decimal("0.8281"), "N/A", Decimal("3.64E+17")), "Tb": BatchValues("<0.000")}


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "batch.xlsx"
    path.write_bytes(write_batch_table([BatchRow("S-1", "Sample", VALUES)], [BatchAnalyte("Dy", 163), BatchAnalyte("Tb", 159)]))
    return path


def print_export(path: Path) -> dict[str, Any]:
    output = StringIO()
    call_command("parse_export", str(path), stdout=output)
    return json.loads(output.getvalue(), parse_float=Decimal, parse_int=Decimal)


def test_readings_are_printed_with_every_digit(export: Path) -> None:
    printed = print_export(export)
    assert printed["format"] == "agilent_masshunter"
    assert [(reading["column"], reading["raw"], reading["value"], reading["qualifier"]) for reading in printed["readings"]] == [
        ("G", "0.8281", Decimal("0.8281"), ""),
        ("H", "N/A", None, "N/A"),
        ("I", "3.64E+17", Decimal("3.64E+17"), ""),
        ("K", "<0.000", Decimal("0.000"), "<"),
    ]
    assert printed["readings"][0] == {
        "sample": "S-1", "type": "Sample", "analyte": "Dy", "isotope_or_line": "163", "gas_mode": "He", "quantity": "concentration",
        "unit": "ppb", "raw": "0.8281", "value": Decimal("0.8281"), "qualifier": "", "sheet": "Sheet1", "row": 3, "column": "G",
        "internal_standard": False, "replicate": None,
    }  # fmt: skip


def test_notes_are_printed_with_their_place(tmp_path: Path) -> None:
    path = tmp_path / "batch.xlsx"
    path.write_bytes(write_batch_table([BatchRow("1-Mar", "Sample", VALUES)]))
    note = print_export(path)["notes"][0]
    assert (note["code"], note["sheet"], note["row"], note["column"]) == ("label_mangled", "Sheet1", 3, "A")


def test_unreadable_file_is_refused_naming_file_place_and_remedy(tmp_path: Path) -> None:
    path = tmp_path / "photo.xlsx"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(CommandError, match=r"photo\.xlsx: the file as a whole: The file is a PNG image.*Upload the \.xlsx or \.csv"):
        print_export(path)
    with pytest.raises(CommandError, match=r"nothing\.csv cannot be opened: No such file"):
        print_export(tmp_path / "nothing.csv")


def test_command_needs_no_database_and_exits_with_1_on_a_fault(export: Path, tmp_path: Path) -> None:
    environment = {"PATH": "/usr/bin:/bin", "LIMS_DATA": str(tmp_path), "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}

    def run(path: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", "parse_export", str(path)]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)

    good = run(export)
    assert (good.returncode, len(json.loads(good.stdout)["readings"])) == (0, 4)
    spoiled = tmp_path / "spoiled.xlsx"
    spoiled.write_bytes(export.read_bytes()[:-100])
    bad = run(spoiled)
    assert (bad.returncode, bad.stdout) == (1, "")
    assert "spoiled.xlsx" in bad.stderr
    assert "cut off" in bad.stderr
