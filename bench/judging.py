"""A run of 84 tubes × 30 elements reduced and judged: one call of the service, with every result version and verdict written."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from typing import Any

from bench.database import database_cpu_seconds, median_seconds, throwaway_database

_TARGET_MS = 250
_TIMES = 5
_MORE = ("Sc", "Ba", "Sr", "Rb", "Zr", "Hf", "Nb", "Ta", "Cs", "Ga", "V", "Cr", "W")
"""Elements beside the fusion method's seventeen."""


def run() -> None:
    """Print the milliseconds and the target."""
    with throwaway_database():
        from assays.models import Run
        from assays.services.judging import judge_run
        from lims.core.startup import keep_what_is_loaded
        from tests.factories.people import make_cast

        cast = make_cast()
        measured = _make_measured_run(cast)
        tubes, elements = measured.positions.count(), measured.method_version.analytes.count()
        runs = Run.objects.select_related("method_version__method", "instrument")

        def judge() -> None:
            judge_run(run=runs.get(pk=measured.pk), by=cast.analyst)

        keep_what_is_loaded()  # as the web process does
        python, database = time.process_time(), database_cpu_seconds()
        seconds = median_seconds(judge, times=_TIMES)
        python, database = time.process_time() - python, database_cpu_seconds() - database
        last = measured.evaluations.order_by("-number")[0]
        print(f"{tubes} tubes × {elements} elements: {last.verdicts.count()} verdicts, {last.reduction.results.count()} results")
        print(f"  reduce, judge and write: {1000 * seconds:.0f} ms")
        print(f"  of the processor: {1000 * python / _TIMES:.0f} ms in Python, {1000 * database / _TIMES:.0f} ms in the database")
        print(f"  target {_TARGET_MS} ms: {'reached' if 1000 * seconds < _TARGET_MS else 'MISSED'}")


def _make_measured_run(cast: Any) -> Any:
    """A tray of 84 by a method of 30 elements, its readings recorded."""
    from assays.instruments.ingest import store_upload
    from assays.models import Analyte, ControlRequirement, MethodAnalyte
    from tests.factories.bench import make_planned_run, method_version
    from tests.factories.measurement import CONTENTS, make_readings

    version = method_version()
    for order, symbol in enumerate(_MORE, start=100):
        fields = {"name": symbol, "oxide": f"{symbol}O", "oxide_factor": Decimal("1.2"), "order": order}
        analyte, _made = Analyte.objects.get_or_create(symbol=symbol, defaults=fields)
        limits = {"lod": Decimal("0.01"), "loq": Decimal("0.03"), "upper_limit": Decimal(10_000)}
        MethodAnalyte.objects.create(
            method_version=version,
            analyte=analyte,
            isotope=f"{order}",
            relative_uncertainty_percent=Decimal(8),
            required=False,
            **limits,
        )
    window = {"low_percent": 90, "high_percent": 110}
    ControlRequirement.objects.create(
        method_version=version, kind="continuing_calibration_verification", rule="recovery_window", limits=window, order=9,
        placement={"every": 10, "nominal": {"*": 10}}, analytes=["Dy", "Tb"],
    )  # fmt: skip
    planned = make_planned_run(cast, 64, duplicates=4)
    body = make_readings(planned)
    body["readings"] += _more_readings(planned, body["readings"], sum(CONTENTS.values()) / len(CONTENTS))
    stored = store_upload(
        instrument=planned.instrument, file_name="readings.json", data=json.dumps(body).encode(), run=planned, by=cast.analyst
    )
    if stored.upload.state != "recorded":
        raise RuntimeError(f"The readings should have been recorded: {stored.upload.state}, {stored.upload.notes[:3]}")
    planned.refresh_from_db()
    return planned


def _more_readings(run: Any, known: list[dict[str, Any]], content: float) -> list[dict[str, Any]]:
    """The further elements at a middling content in every tube."""
    read = {(one["position"], one["analyte"]) for one in known}
    first = {one["position"]: one for one in reversed(known)}
    isotopes = {one.analyte.symbol: one.isotope for one in run.method_version.analytes.select_related("analyte")}
    return [
        one | {"analyte": symbol, "isotope_or_line": isotopes[symbol], "value": f"{content:.4f}"}
        for one in first.values()
        for symbol in _MORE
        if (one["position"], symbol) not in read
    ]


if __name__ == "__main__":
    run()
