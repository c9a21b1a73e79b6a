"""Storing what a run was reduced to: a new version of each result with what it was made with, and the head row that points to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from assays.chemistry.rounding import Rule, report, round_significant
from assays.chemistry.solids import OF_IGNITED, SPECIMEN
from assays.chemistry.tray import SolidSource, TrayResult
from assays.instruments.models import UploadState
from assays.models import MethodVersion, Reduction, ResultVersion, Run, RunPosition
from assays.selectors.measured_runs import live_tests
from assays.selectors.retests import carried_versions
from assays.services.calculating import store_stages
from assays.services.reducing import ReducedRun, compute_run
from assays.services.solutions import solution_inputs
from lims.core import clock
from lims.core.copying import copy_rows
from lims.core.ids import uuid7_texts

SOFTWARE = "lims-reduction 4"


def reduce_run(*, run: Run, by: Any, at: datetime | None = None) -> Reduction:
    """Reduce a run and store a new version of each result; nothing is overwritten. The caller holds the run's lock."""
    with transaction.atomic():
        return store_reduction(run, compute_run(run), by, at or clock.now())


def store_reduction(run: Run, reduced: ReducedRun, by: Any, moment: datetime) -> Reduction:
    """Keep a reduction and its results as new versions. Part of the caller's transaction."""
    uploads = run.uploads.filter(state=UploadState.RECORDED).order_by("id").values_list("sha256", flat=True)
    reduction = Reduction.objects.create(
        run=run,
        number=(run.reductions.aggregate(last=Max("number"))["last"] or 0) + 1,
        reduced_by=by if getattr(by, "full_name", None) else None,
        reduced_at=moment,
        software=SOFTWARE,
        uploads=list(uploads),
    )
    store_stages(reduction, reduced.calculation)
    _store_versions(reduction, reduced)
    return reduction


_VERSION_COLUMNS = [
    "id", "result_id", "version", "reduction_id", "position_id", "method_version_id", "text", "value", "qualifier", "unit", "basis",
    "uncertainty", "uncertainty_text", "k", "lod", "loq", "inputs",
]  # fmt: skip


_K = Decimal(2)


def _store_versions(reduction: Reduction, reduced: ReducedRun) -> None:
    """A version for every sample position and analyte. The results of tests that are this run's point to the new versions, and to nothing
    where a reading is gone.

    Keys are texts here, as COPY takes them: a run has thousands, and a `UUID` takes long to make and to hash."""
    live = {str(test) for test in live_tests(reduction.run).values_list("pk", flat=True)}
    tubes = {
        number: (position, str(position.aliquot.test_id), str(position.aliquot.test.sample_id))
        for number, position in reduced.positions.items()
        if position.kind == "sample" and position.aliquot is not None
    }
    portions = {number: _portion_inputs(one) | solution_inputs(one, reduced.solutions) for number, (one, *_) in tubes.items()}
    analytes = {symbol: (str(one.analyte_id), str(one.relative_uncertainty_percent)) for symbol, one in reduced.analytes.items()}
    versions: dict[tuple[str, str], tuple[RunPosition, str, tuple[Any, ...]]] = {}
    for (number, symbol), found in reduced.results.items():
        if number not in tubes:
            continue
        position, test, sample = tubes[number]
        if position.analytes is None or symbol in position.analytes:
            analyte, percent = analytes[symbol]
            inputs = portions[number] | _result_inputs(found, percent) | reduced.calculation.inputs_of(number, symbol)
            inputs |= reduced.determined.get(number, {})
            versions[test, analyte] = (position, sample, _version_values(found, reduction.run.method_version, inputs))
    for position, test, sample in tubes.values():
        for analyte_id, earlier in carried_versions(position).items():
            versions[test, str(analyte_id)] = (position, sample, _carried_values(earlier))
    ids = uuid7_texts(len(versions))
    heads = _point_heads(
        [
            (test, sample, analyte, pk if test in live else None)
            for pk, ((test, analyte), (_, sample, _)) in zip(ids, versions.items(), strict=True)
        ]
    )
    copy_rows(
        "assays_resultversion",
        _VERSION_COLUMNS,
        [
            (pk, result, last + 1, reduction.pk, position.pk, *values)
            for pk, (result, last), (position, _, values) in zip(ids, heads, versions.values(), strict=True)
        ],
    )
    if reduction.number > 1:
        _leave_gone(reduction, live, [result for result, _last in heads])


def _carried_values(earlier: ResultVersion) -> tuple[Any, ...]:
    """A version exactly as it was, with where it comes from."""
    inputs = earlier.inputs | {"carried_from": str(earlier.pk)}
    return (
        earlier.method_version_id, earlier.text, earlier.value, earlier.qualifier, earlier.unit, earlier.basis, earlier.uncertainty,
        earlier.uncertainty_text, earlier.k, earlier.lod, earlier.loq, inputs,
    )  # fmt: skip


def _point_heads(rows: Sequence[tuple[str, str, str, str | None]]) -> list[tuple[str, int]]:
    """Make each (test, sample, analyte)'s result, where there is none, point to the version it will have; to what it had where that is
    None. Gives each result's id and its last version. The new versions are written in the same transaction, whose end checks that they
    are there."""
    made = uuid7_texts(len(rows))
    columns: list[Iterable[str | None]] = [made, *([row[place] for row in rows] for place in range(4))]
    with connection.cursor() as cursor:
        # Only results that were there before are told: of a run's first reduction none.
        cursor.execute(
            "WITH given AS (SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[]) WITH ORDINALITY"
            " AS row (id, test_id, sample_id, analyte_id, current_id, place)), pointed AS ("
            "INSERT INTO assays_result (id, test_id, sample_id, analyte_id, current_id)"
            " SELECT id, test_id, sample_id, analyte_id, current_id FROM given"
            " ON CONFLICT (test_id, analyte_id) DO UPDATE SET current_id = coalesce(EXCLUDED.current_id, assays_result.current_id)"
            " RETURNING id, test_id, analyte_id)"
            " SELECT place - 1, pointed.id::text, (SELECT coalesce(max(version), 0) FROM assays_resultversion WHERE result_id = pointed.id)"
            " FROM pointed JOIN given USING (test_id, analyte_id) WHERE given.id <> pointed.id",
            [_array(column) for column in columns],
        )
        earlier = {place: (pk, last) for place, pk, last in cursor.fetchall()}
    return [earlier.get(place, (pk, 0)) for place, pk in enumerate(made)]


def _leave_gone(reduction: Reduction, live: Iterable[str], pointed: Iterable[str]) -> None:
    """The results of the run's tests whose readings are gone point to nothing. They are found by their tests: by the run's reductions every
    version it ever gave would be read."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE assays_result r SET current_id = NULL FROM assays_resultversion v JOIN assays_reduction d ON d.id = v.reduction_id"
            " WHERE r.test_id = ANY(%s::uuid[]) AND r.id <> ALL(%s::uuid[]) AND v.id = r.current_id AND d.run_id = %s",
            [_array(live), _array(pointed), reduction.run_id],
        )


def _array(keys: Iterable[str | None]) -> str:
    """Keys as PostgreSQL writes an array: adapting them one by one costs more than the statement."""
    return "{" + ",".join("NULL" if one is None else one for one in keys) + "}"


def report_text(found: TrayResult) -> tuple[str, str]:
    """Value and uncertainty as reported: a bound to two figures (a `<` never rounded down), a value to the place of its uncertainty."""
    if found.qualifier:
        return found.qualifier + round_significant(found.value, 2, Rule.UP if found.qualifier == "<" else Rule.HALF_EVEN), ""
    reported = report(found.value, found.uncertainty)
    return reported.text, reported.uncertainty_text


def _portion_inputs(position: RunPosition) -> dict[str, str]:
    """What every result of a tube was made with: its portion and the moisture it held."""
    aliquot = position.aliquot
    if aliquot is None:
        raise ValueError(f"Position {position.number} holds no sample.")
    preparation = aliquot.preparation
    volume = {} if aliquot.volume_ml is None else {"volume_ml": str(aliquot.volume_ml)}
    return volume | {
        "mass_g": str(aliquot.mass_g),
        "wet_mass_g": str(preparation.wet_mass_g),
        "dry_mass_g": str(preparation.dry_mass_g),
        "portion_moisture_percent": repr(preparation.portion_moisture_percent),
    }


def _result_inputs(found: TrayResult, percent: str) -> dict[str, Any]:
    every = {"readings": found.reading_ids, "net_mg_kg": repr(found.net), "relative_uncertainty_percent": percent}
    if found.solid is not None:
        return every | _solid_inputs(found.solid)
    return every | {
        "solution_ug_l": repr(found.solution_ug_l),
        "blank_ug_l": repr(found.blank_ug_l),
        "dilution": repr(found.dilution),
    }


def _solid_inputs(source: SolidSource) -> dict[str, str]:
    """What a content was made of that was read in a solid: of the specimen's mass and the loss on ignition what was used."""
    found = {"read_mg_kg": repr(source.read_mg_kg), "reported_of": source.reported_of}
    if source.reported_of == SPECIMEN:
        found["specimen_g"] = repr(source.specimen_g)
    elif source.reported_of in OF_IGNITED:
        found["ignition_loss_percent"] = repr(source.ignition_loss_percent)
    return found


def _version_values(found: TrayResult, version: MethodVersion, inputs: dict[str, Any]) -> tuple[Any, ...]:
    text, uncertainty_text = report_text(found)
    return (
        version.pk, text, _digits(found.value), found.qualifier or "=", version.unit, version.basis,
        _digits(found.uncertainty), uncertainty_text, _K, _digits(found.lod, 6), _digits(found.loq, 6), inputs,
    )  # fmt: skip


def _digits(value: float | None, places: int = 12) -> str | None:
    """A number as its column keeps it."""
    return None if value is None else f"{value:.{places}f}"
