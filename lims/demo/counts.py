"""An invented ICP-MS that leaves the arithmetic to the laboratory: counts of a whole session with internal standard, drift, suppression
and the oxides of light rare earths, and the method that computes from them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile

from django.conf import settings
from msgspec.structs import replace

from assays.instruments.writers import BatchAnalyte, BatchRow, BatchValues, write_batch_table
from assays.models import Run, RunPosition
from assays.models.runs import PositionKind
from assays.services.loading_files import ControlRow, read_methods
from assays.services.loading_methods import load_methods
from lims.demo.geology import Rock
from lims.demo.instrument import certified_values, true_contents
from lims.demo.journeys import METHOD

COUNTS_METHOD = "FUC-MS"
_PARENTS = ("137Ba", "140Ce", "141Pr", "146Nd", "147Sm", "157Gd", "159Tb")
_PLAN: dict[str, Any] = {
    "source": "counts",
    "calibration": {"weights": "1/x", "through": "blank", "beyond_percent": 5},
    "internal_standards": {"*": "Rh"},
    "drift": {"limit_percent": 10},
    "interferences": {"parents": list(_PARENTS), "flag_percent": 5},
    "limits": {"decides": "larger", "minimum_blanks": 3},
    "uncertainty": {
        "evaluation": "budget",
        "components": {
            "mass_g": 0.0001,
            "volume_percent": 0.15,
            "dilution_percent": 0.4,
            "standard_percent": 0.5,
            "recovery_percent": 1.2,
            "repeatability_percent": 1.6,
            "moisture_percent": 0.2,
        },
    },
}
_ASSUMED = "Assumption of the demonstration in the manner of EPA 6020B."
_IONS = {
    ("Eu", "Ba"): 0.0015, ("Gd", "Ce"): 0.0008, ("Gd", "Pr"): 0.0090, ("Tb", "Ce"): 0.0002, ("Tb", "Nd"): 0.0050, ("Dy", "Nd"): 0.0004,
    ("Dy", "Sm"): 0.0080, ("Yb", "Gd"): 0.0090, ("Lu", "Tb"): 0.0070,
}  # fmt: skip
"""Counts at an analyte's isotope per count of the parent's: oxides and hydroxides of a tuned instrument, invented."""
_SPIKED_UG = 20
"""Two millilitres of a stock of ten milligrams per litre, as much of each element."""
_SENSITIVITY, _BACKGROUND, _RHODIUM, _BARIUM = 25_000.0, 30.0, 900_000.0, 400.0


def add_counts_method() -> None:
    """The fusion method once more, computed from counts: with calibration, checks and single-element solutions on its trays."""
    fusion = next(one for one in read_methods() if one.code == METHOD)
    version = fusion.versions[-1]
    blanks = [replace(one, minimum_count=3) if one.kind == "reagent_blank" else one for one in version.controls]
    made = replace(version, number=1, calculation=_PLAN, controls=[*blanks, *_session_controls()], note="Invented for the demonstration.")
    name = "Rare earths by lithium borate fusion and ICP-MS, computed from counts"
    load_methods(methods=[replace(fusion, code=COUNTS_METHOD, name=name, versions=[made])], by="demonstration")


def _session_controls() -> list[ControlRow]:
    window = {"low_percent": 90.0, "high_percent": 110.0}
    levels = {"levels": [0, 1, 10, 100, 1000]}
    spike = {"low_percent": 75.0, "high_percent": 125.0, "minimum_added_percent": 25.0}
    solutions = {"solutions": dict.fromkeys(["Ba", "Ce", "Pr", "Nd", "Sm", "Gd", "Tb"], 500)}
    asked: list[tuple[str, str, dict[str, float], dict[str, Any]]] = [
        ("calibration", "calibration_back_calculation", {"lowest_percent": 30, "other_percent": 10}, levels),
        ("continuing_calibration_verification", "recovery_window", window, {"every": 6, "nominal": {"*": 10}}),
        ("matrix_spike", "spike_recovery", spike, {"added_ug": {"Dy": _SPIKED_UG, "Tb": _SPIKED_UG}}),
        ("interference_solution", "oxide_formation", {"warn_percent": 5, "fail_percent": 10}, solutions),
        ("internal_standard", "recovery_window", {"low_percent": 80, "high_percent": 120}, {}),
    ]
    named: dict[str, list[str]] = {"interference_solution": [], "internal_standard": [], "matrix_spike": ["Dy", "Tb"]}
    return [
        ControlRow(
            kind=kind,
            rule=rule,
            minimum_count=1,
            rate_percent=Decimal(0),
            limits=limits,
            analytes=named.get(kind),
            order=order,
            source=_ASSUMED,
            placement=placement,
        )
        for order, (kind, rule, limits, placement) in enumerate(asked, 10)
    ]


class _Rhodium:
    symbol, heading = "Rh", "103  Rh ( ISTD )  [ He ] "


@dataclass(frozen=True)
class _Tube:
    """What a tube holds in µg/L as measured, how much it suppresses, and the sensitivity left when it was its turn."""

    solution: Mapping[str, float]
    suppression: float
    sensitivity: float


def with_picture(workbook: bytes) -> bytes:
    """The workbook with a picture somebody left in it (noise): it unpacks to more than is read while its sender waits."""
    noise, packed = random.Random(len(workbook)), BytesIO(workbook)
    line = bytes(800)
    with ZipFile(packed, "a", ZIP_DEFLATED) as archive:
        archive.writestr(
            "xl/media/screen.bmp", b"".join(noise.randbytes(40) + line for _row in range(settings.READ_AT_ONCE_BYTES // 840 + 1))
        )
    return packed.getvalue()


def write_counts(run: Run, rocks: Mapping[UUID, Rock], rng: random.Random, *, acquired_at: datetime) -> bytes:
    """The run's batch table with counts; the instrument's own concentrations know nothing of drift, suppression or oxides."""
    analytes = list(run.method_version.analytes.select_related("analyte"))
    headings: list[Any] = [BatchAnalyte(one.analyte.symbol, int("".join(filter(str.isdigit, one.isotope)))) for one in analytes]
    headings += [BatchAnalyte("Ba", 137), _Rhodium()]
    floors = {one.analyte.symbol: 0.1 * float(one.lod) for one in analytes}
    related = ("aliquot__preparation", "aliquot__test", "material", "duplicate_of__aliquot__preparation", "duplicate_of__aliquot__test")
    positions = list(run.positions.select_related(*related).order_by("number"))
    certified, start = certified_values(run), acquired_at.replace(tzinfo=None, microsecond=0)
    rows = []
    for index, position in enumerate(positions):
        native = position.duplicate_of if position.kind == PositionKind.SPIKE else None
        portion = native or position
        suppression = rng.uniform(0.88, 0.94) if portion.aliquot_id else 1.0
        truth = true_contents(portion, rocks, certified, run.method_version, rng, {})
        held = _solution(position, _spiked(position, truth) if native else truth, floors, rng)
        tube = _Tube(held, suppression, 1 - 0.05 * index / len(positions))
        dilution = (position.aliquot or position).dilution or run.method_version.dilution
        values = {one.symbol: _read(one.symbol, tube, float(dilution), rng) for one in headings[:-1]}
        values["Rh"] = BatchValues(None, None, _cell(_RHODIUM * suppression * rng.gauss(1, 0.004)), _cell(1.1))
        kind = {"calibration": "CalStd" if position.nominal.get("*") not in {"0", None} else "CalBlk"}.get(position.kind, "Sample")
        when = start + timedelta(minutes=3 * index)
        rows.append(BatchRow(position.label, kind, values, f"{index:03d}SMPL.d", when, total_dilution=dilution))
    return write_batch_table(rows, headings)


def _spiked(position: RunPosition, truth: Mapping[str, float]) -> dict[str, float]:
    """What the sample holds and what was added to its portion, mg/kg."""
    mass = float(position.mass_g or position.run.method_version.test_portion_g)
    return {symbol: content + float(position.nominal.get(symbol, 0)) / mass for symbol, content in truth.items()}


def _solution(position: RunPosition, truth: Mapping[str, float], floors: Mapping[str, float], rng: random.Random) -> dict[str, float]:
    """µg/L in the measured solution. A blank holds a little of everything."""
    if position.nominal and position.kind != PositionKind.SPIKE:
        given = {symbol: float(amount) for symbol, amount in position.nominal.items()}
        every = given.pop("*", None)
        return ({} if every is None else dict.fromkeys([*floors, "Ba"], every)) | given
    version, portion = position.run.method_version, position.aliquot or position
    mass, volume = float(portion.mass_g or version.test_portion_g), float(portion.volume_ml or version.volume_ml or 0)
    factor = mass / volume * 1000 / float(portion.dilution or version.dilution)
    held = {symbol: abs(rng.gauss(truth.get(symbol, 0.0), 0.012 * truth.get(symbol, 0.0) + floor)) for symbol, floor in floors.items()}
    if truth and position.material_id is None:
        held["Ba"] = _BARIUM
    return {symbol: content * factor for symbol, content in held.items()}


def _read(symbol: str, tube: _Tube, dilution: float, rng: random.Random) -> BatchValues:
    ions = sum(tube.solution.get(parent, 0.0) * share for (analyte, parent), share in _IONS.items() if analyte == symbol)
    signal = _SENSITIVITY * (tube.solution.get(symbol, 0.0) + ions) * tube.suppression * tube.sensitivity * rng.gauss(1, 0.004)
    concentration = None if symbol == "Ba" else _cell(signal / _SENSITIVITY * dilution)
    return BatchValues(concentration, _cell(1.2), _cell(signal + _BACKGROUND), _cell(abs(rng.gauss(1.1, 0.3))))


def _cell(value: float) -> Decimal:
    """As many digits as an instrument prints."""
    return Decimal(f"{value:.7g}")
