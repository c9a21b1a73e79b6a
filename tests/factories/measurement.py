"""What an instrument would send for a planned run, and runs brought through the services to where a test begins."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from assays.instruments.ingest import Stored, store_upload
from assays.instruments.models import Instrument, InstrumentToken, Upload
from assays.instruments.writers import BatchAnalyte, BatchRow, BatchValues, write_batch_table
from assays.models import CertifiedValue, Run, RunPosition
from assays.services.authorising import authorise_results
from assays.services.reviewing import APPROVE, review_run
from lims.accounts.tokens import issue_token
from tests.factories.bench import grant_competence, make_planned_run
from tests.factories.people import PASSWORD, Cast

# Contents of the material as weighed, mg/kg: a middling clay.
CONTENTS = {
    "La": 120, "Ce": 80, "Pr": 28, "Nd": 110, "Sm": 24, "Eu": 3.2, "Gd": 26, "Tb": 4.4, "Dy": 27, "Ho": 5.4, "Er": 15, "Tm": 2.1,
    "Yb": 13, "Lu": 1.9, "Y": 160, "Th": 22, "U": 6,
}  # fmt: skip


def contents_of(position: RunPosition) -> dict[str, float]:
    """What stands in a tube, mg/kg as weighed: a material at its certified values, samples a tenth apart, a blank next to nothing."""
    version = position.run.method_version
    if position.material_id is not None:
        values = CertifiedValue.objects.filter(material=position.material_id, method_group=version.method.method_group)
        return {value.analyte.symbol: float(value.value) for value in values.select_related("analyte")}
    if position.aliquot is None:
        return {one.analyte.symbol: 0.2 * float(one.lod) for one in version.analytes.select_related("analyte")}
    original = position.duplicate_of or position
    factor = 1 + original.number / 10 + (0.01 if position.duplicate_of else 0)
    return {symbol: content * factor for symbol, content in CONTENTS.items()}


def concentrations_of(position: RunPosition, factors: Mapping[str, float] | None = None) -> dict[str, Decimal]:
    """What the instrument reads in a tube, µg/L of the original solution (dilution included), to six figures."""
    version = position.run.method_version
    portion = position.aliquot or position
    per_litre = float(portion.mass_g or version.test_portion_g) / float(portion.volume_ml or version.volume_ml) * 1000
    factors = factors or {}
    return {
        symbol: Decimal(f"{content * per_litre * factors.get(symbol, 1):.6g}").quantize(Decimal("0.000001"))
        for symbol, content in contents_of(position).items()
    }


def positions_of(run: Run) -> list[RunPosition]:
    """The tray with what stands there."""
    return list(run.positions.select_related("aliquot__preparation", "material", "duplicate_of", "run__method_version__method"))


def make_rows(run: Run, factors: Mapping[str, float] | None = None) -> list[BatchRow]:
    """The batch of a run; `factors` multiply what is read of an element on reference materials."""
    version = run.method_version
    return [
        BatchRow(
            sample=position.label,
            type="Sample",
            values={
                symbol: BatchValues(value, Decimal("1.2"), value * 25_000, Decimal("1.1"))
                for symbol, value in concentrations_of(position, factors if position.material_id else None).items()
            },
            data_file=f"{position.number:03d}SMPL.d",
            total_dilution=(position.aliquot or position).dilution or version.dilution,
        )
        for position in positions_of(run)
    ]


def make_headings(run: Run) -> list[BatchAnalyte]:
    """The analyte headings of the run's method: `159 Tb`, `175 Lu`, ..."""
    analytes = run.method_version.analytes.select_related("analyte")
    return [BatchAnalyte(one.analyte.symbol, int("".join(filter(str.isdigit, one.isotope)))) for one in analytes]


def make_calibration(run: Run) -> list[BatchRow]:
    """A calibration blank and a standard, as they stand before the tray in every batch."""
    measured = {heading.symbol: BatchValues(Decimal("10.02"), None, Decimal(250_000), None) for heading in make_headings(run)}
    nothing = {heading.symbol: BatchValues("<0.000", None, Decimal(12), None) for heading in make_headings(run)}
    return [BatchRow("Cal Blank", "CalBlk", nothing, "001CALB.d"), BatchRow("10 ppb", "CalStd", measured, "002CALS.d")]


def make_export(run: Run, factors: Mapping[str, float] | None = None) -> bytes:
    """A whole batch table of the run, as the instrument's software exports it."""
    return write_batch_table([*make_calibration(run), *make_rows(run, factors)], make_headings(run))


def make_readings(run: Run, /, **more: Any) -> dict[str, Any]:
    """The same run as the body of `POST /instruments/me/readings/`."""
    version = run.method_version
    isotopes = {one.analyte.symbol: one.isotope for one in version.analytes.select_related("analyte")}
    readings = [
        {
            "position": position.number,
            "analyte": symbol,
            "isotope_or_line": isotopes[symbol],
            "value": str(value),
            "unit": "ug/L",
            "dilution": str((position.aliquot or position).dilution or version.dilution),
        }
        for position in positions_of(run)
        for symbol, value in concentrations_of(position).items()
        if symbol in isotopes
    ]
    return {"run": run.code, "readings": readings} | more


def make_readings_bytes(run: Run, /, **more: Any) -> bytes:
    return json.dumps(make_readings(run, **more)).encode()


def upload_run(cast: Cast, run: Run, data: bytes | None = None, /, **more: Any) -> Stored:
    """The run's export, brought by the analyst."""
    fields: dict[str, Any] = {
        "instrument": run.instrument,
        "file_name": "batch.xlsx",
        "data": make_export(run) if data is None else data,
        "by": cast.analyst,
    }
    return store_upload(**(fields | more))


def make_waiting_upload(cast: Cast, run: Run, *rows: BatchRow) -> Upload:
    """The run's export with rows that no tube is called like (default: one), so that it waits for a person."""
    strangers = rows or (BatchRow("FELDSPAR 7", "Sample", make_rows(run)[-1].values),)
    return upload_run(cast, run, write_batch_table([*make_rows(run), *strangers], make_headings(run))).upload


def make_measured_run(cast: Cast, n: int = 3, *, factors: Mapping[str, float] | None = None, **more: Any) -> Run:
    """A run whose export was taken: quality control passed, unless `factors` spoil its reference materials."""
    run = make_planned_run(cast, n, **more)
    upload_run(cast, run, make_export(run, factors))
    run.refresh_from_db()
    return run


def make_reviewed_run(cast: Cast, n: int = 3, **more: Any) -> Run:
    """A measured run approved by the reviewer."""
    run = make_measured_run(cast, n, **more)
    grant_competence(cast, cast.reviewer, "review", run.method_version.method.code)
    review_run(run=run, decision=APPROVE, password=PASSWORD, by=cast.reviewer)
    run.refresh_from_db()
    return run


def make_authorised_run(cast: Cast, n: int = 3, **more: Any) -> Run:
    """A reviewed run whose results the signatory authorised."""
    run = make_reviewed_run(cast, n, **more)
    grant_competence(cast, cast.signatory, "authorise", run.method_version.method.code)
    authorise_results(run=run, password=PASSWORD, by=cast.signatory)
    run.refresh_from_db()
    return run


def make_instrument_token(cast: Cast, instrument: Instrument) -> str:
    """A token of the instrument, as the administrator makes it."""
    return issue_token(InstrumentToken, by=cast.administrator, name="test", instrument=instrument)[1]
