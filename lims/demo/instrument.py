"""An invented ICP-MS: what it would have exported for a run, in the layout of a real batch table."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from assays.instruments.writers import BatchAnalyte, BatchRow, BatchValues, write_batch_table
from assays.models import CertifiedValue, MethodAnalyte, MethodVersion, Run, RunPosition
from lims.demo.geology import Rock

_COUNTS_PER_MICROGRAM = 25_000


def write_export(
    run: Run,
    rocks: Mapping[UUID, Rock],
    rng: random.Random,
    *,
    acquired_at: datetime,
    bias: Mapping[str, float] | None = None,
    labels: Mapping[str, str] | None = None,
) -> bytes:
    """The batch table of a run. `rocks` are the true samples by id; `bias` multiplies what is read of an element on reference materials, so
    that quality control has something to find; `labels` misname tubes. Concentrations carry the dilution, as the instrument's software
    writes them."""
    analytes = list(run.method_version.analytes.select_related("analyte"))
    certified = certified_values(run)
    local = acquired_at.replace(tzinfo=None, microsecond=0)
    rows = [
        _row(
            position,
            true_contents(position, rocks, certified, run.method_version, rng, bias or {}),
            analytes,
            run.method_version,
            rng,
            local,
            index,
        )
        for index, position in enumerate(
            run.positions.select_related("aliquot__preparation", "aliquot__test", "material", "duplicate_of__aliquot").order_by("number")
        )
    ]
    rows = [replace(row, sample=(labels or {}).get(row.sample, row.sample)) for row in rows]
    return write_batch_table([*_calibration(analytes, rng, local), *rows], [_heading(one) for one in analytes])


def read_solutions(run: Run, rocks: Mapping[UUID, Rock], rng: random.Random) -> list[tuple[int, str, str, Decimal]]:
    """What the instrument reads in every tube: `(position number, symbol, isotope, µg/L of the solution as measured)`."""
    version, analytes, certified = run.method_version, list(run.method_version.analytes.select_related("analyte")), certified_values(run)
    found = []
    for position in run.positions.select_related("aliquot__preparation", "aliquot__test", "material").order_by("number"):
        truth = true_contents(position, rocks, certified, version, rng, {})
        portion = position.aliquot or position
        mass, volume = float(portion.mass_g or version.test_portion_g), float(portion.volume_ml or version.volume_ml or 0)
        to_solution = mass / volume * 1000 / float(portion.dilution or version.dilution)
        for one in analytes:
            value = _values(truth.get(one.analyte.symbol), one, to_solution, rng).concentration
            if isinstance(value, Decimal):
                found.append((position.number, one.analyte.symbol, one.isotope, value))
    return found


def _heading(analyte: MethodAnalyte) -> BatchAnalyte:
    return BatchAnalyte(analyte.analyte.symbol, int("".join(character for character in analyte.isotope if character.isdigit())))


def certified_values(run: Run) -> dict[tuple[UUID, str], CertifiedValue]:
    group = run.method_version.method.method_group
    values = CertifiedValue.objects.filter(method_group=group, material__in=run.positions.values("material")).select_related("analyte")
    return {(value.material_id, value.analyte.symbol): value for value in values}


def true_contents(
    position: RunPosition,
    rocks: Mapping[UUID, Rock],
    certified: Mapping[tuple[UUID, str], CertifiedValue],
    version: MethodVersion,
    rng: random.Random,
    bias: Mapping[str, float],
) -> dict[str, float]:
    """The content of the tube's portion, in mg/kg as weighed."""
    if position.aliquot is not None:
        rock = rocks[position.aliquot.test.sample_id]
        wet = 1 - position.aliquot.preparation.portion_moisture_percent / 100
        share = rock.recovery if version.method.extraction == "leachable" else 1.0
        return {symbol: content * wet * share for symbol, content in rock.contents.items()}
    if position.material_id is None:
        return {}
    return {
        symbol: float(value.value) * bias.get(symbol, 1.0) + rng.gauss(0, 0.45) * float(value.sd or 0)
        for (material, symbol), value in certified.items()
        if material == position.material_id
    }


def _row(
    position: RunPosition,
    truth: Mapping[str, float],
    analytes: list[MethodAnalyte],
    version: MethodVersion,
    rng: random.Random,
    start: datetime,
    index: int,
) -> BatchRow:
    portion = position.aliquot or position
    mass = float(portion.mass_g or version.test_portion_g)
    volume = float(portion.volume_ml or version.volume_ml or 0)
    if position.aliquot is not None and version.method.extraction == "leachable":
        # The clay's own water takes part in the leach.
        volume += mass * position.aliquot.preparation.portion_moisture_percent / 100
    dilution = portion.dilution or version.dilution
    return BatchRow(
        sample=position.label,
        type="CalBlk" if position.kind == "calibration" else "Sample",
        values={one.analyte.symbol: _values(truth.get(one.analyte.symbol), one, mass / volume * 1000, rng) for one in analytes},
        data_file=f"{index + 4:03d}SMPL.d",
        acquired_at=start + timedelta(minutes=3 * (index + 4)),
        total_dilution=dilution,
    )


def _values(content: float | None, analyte: MethodAnalyte, to_solution: float, rng: random.Random) -> BatchValues:
    """Concentration in µg/L with its dilution, counts, and relative deviations. A blank holds a little of everything."""
    true = content if content is not None else 0.15 * float(analyte.lod) * abs(rng.gauss(1, 0.4))
    # Repeatability about 1.6 %, and a floor of a tenth of the detection limit.
    read = max(0.0, rng.gauss(true, 0.016 * true + 0.1 * float(analyte.lod)))
    concentration = read * to_solution
    return BatchValues(
        concentration=_digits(concentration),
        concentration_rsd=_digits(abs(rng.gauss(1.4, 0.5)), 3),
        counts=_digits(concentration * _COUNTS_PER_MICROGRAM, 7),
        counts_rsd=_digits(abs(rng.gauss(1.2, 0.5)), 3),
    )


def _calibration(analytes: list[MethodAnalyte], rng: random.Random, start: datetime) -> list[BatchRow]:
    """A calibration blank and three standards before the tray."""
    rows = []
    for index, nominal in enumerate([0.0, 1.0, 10.0, 100.0]):
        values = {
            one.analyte.symbol: BatchValues(
                _digits(max(0.0, rng.gauss(nominal, 0.01 * nominal + 0.001))), None, _digits(nominal * _COUNTS_PER_MICROGRAM), None
            )
            for one in analytes
        }
        rows.append(
            BatchRow(
                sample="Cal Blank" if not nominal else f"{nominal:g} ppb",
                type="CalBlk" if not nominal else "CalStd",
                values=values,
                data_file=f"{index:03d}CAL{'B' if not nominal else 'S'}.d",
                acquired_at=start + timedelta(minutes=3 * index),
            )
        )
    return rows


def _digits(value: float, figures: int = 6) -> Decimal:
    """As many significant digits as an instrument prints."""
    return Decimal(f"{value:.{figures}g}")
