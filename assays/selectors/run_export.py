"""A run's results as rows of a file: what its grid shows, each number with all that belongs beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assays.models import Run
from assays.selectors.results import bare_value
from assays.selectors.run_page import Grid
from assays.selectors.runs import number_text


def result_rows(run: Run, grid: Grid) -> Iterator[dict[str, Any]]:
    """A row for each sample and element that has a result, in the order of the tray."""
    for line in grid.lines:
        for symbol, cell in zip(grid.analytes, line.cells, strict=True):
            version = cell.version
            if version is None:
                continue
            yield {
                "run": run.code,
                "position": line.position.number,
                "sample": line.code,
                "analyte": symbol,
                "text": version.text,
                "value": bare_value(version),
                "qualifier": "" if version.qualifier == "=" else version.qualifier,
                "unit": version.unit,
                "basis": version.basis,
                "uncertainty": version.uncertainty_text,
                "k": number_text(version.k) if version.uncertainty_text else "",
                "lod": number_text(version.lod),
                "loq": number_text(version.loq),
                "method_version": str(run.method_version),
                "version": version.version,
                "verdict": cell.tone,
                "why": str(cell.why),
                "rejected": line.rejected,
            }
