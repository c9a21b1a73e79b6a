"""In-house reference materials: contents recorded run by run, and a value with its standard deviation once there are enough runs.

For methods no certified material exists for, such as the ammonium-sulphate leach. Kept by the quality manager of the laboratory.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from assays.models import Analyte, CertifiedValue, InHouseMeasurement, Method, ReferenceMaterial
from assays.models.reference import MaterialKind
from assays.qc.reference_materials import MINIMUM_RUNS, InHouseValue, establish_in_house_value
from assays.services.rows import refuse_problems
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocked, Blocker, Forbidden, Problem
from lims.core.roles import Action, require

UNIT = "mg/kg"
_PLACES = Decimal("0.000000000001")


def create_in_house_material(*, code: str, matrix: str, note: str = "", expires_on: date | None = None, by: Any) -> ReferenceMaterial:
    """Name a new in-house material of the quality manager's own laboratory; `code` is unique over all materials."""
    require(by, Action.REFERENCE_EDIT)
    code, matrix = " ".join(code.split()), matrix.strip()
    problems = _text_problems(code, matrix)
    if not problems and ReferenceMaterial.objects.filter(code__iexact=code).exists():
        problems.append(Problem("/code", "taken", f"There is a reference material {code} already. Choose another code."))
    refuse_problems("material", problems)
    with transaction.atomic(), acting(by, "in-house material created"):
        return ReferenceMaterial.objects.create(
            code=code, kind=MaterialKind.IN_HOUSE, laboratory=by.organisation, matrix=matrix, note=note.strip(), expires_on=expires_on
        )


def record_measurement(
    *, material: ReferenceMaterial, analyte: Analyte, method_group: str, value: Decimal, measured_on: date, by: Any
) -> InHouseMeasurement:
    """Record one content (mg/kg, dry); see `record_run`."""
    return record_run(material=material, method_group=method_group, measured_on=measured_on, contents={analyte: value}, by=by)[0]


def record_run(
    *, material: ReferenceMaterial, method_group: str, measured_on: date, contents: Mapping[Analyte, Decimal], by: Any
) -> list[InHouseMeasurement]:
    """Record what one run found in an in-house material: contents of elements in mg/kg, dry; one run a day for each analyte and group.

    Raises `Invalid` with one problem per wrong member (`/contents/Dy`, `/measured_on`, `/method_group`); nothing is kept then.
    """
    require(by, Action.REFERENCE_EDIT)
    with transaction.atomic(), acting(by, "in-house run recorded"):
        material = _lock_own(material, by)
        refuse_problems("in_house_run", _run_problems(material, method_group, measured_on, contents))
        return InHouseMeasurement.objects.bulk_create(
            InHouseMeasurement(
                material=material,
                analyte=analyte,
                method_group=method_group,
                value=value,
                unit=UNIT,
                measured_on=measured_on,
                recorded_by=by,
            )
            for analyte, value in contents.items()
        )


def establish_value(*, material: ReferenceMaterial, analyte: Analyte, method_group: str, by: Any) -> CertifiedValue:
    """Set the material's value for one analyte to the mean of its recorded runs, with their standard deviation. Raises
    `Blocked('too_few_runs')` below ten, `Blocked('no_spread')` where all runs are equal. An earlier value stays in history."""
    require(by, Action.REFERENCE_EDIT)
    with transaction.atomic(), acting(by, "in-house value established"):
        material = _lock_own(material, by)
        rows = InHouseMeasurement.objects.filter(material=material, analyte=analyte, method_group=method_group).order_by("measured_on")
        runs = list(rows.values_list("value", "measured_on"))
        found = _compute(analyte.symbol, [float(value) for value, _ in runs])
        stored, _ = CertifiedValue.objects.update_or_create(
            material=material,
            analyte=analyte,
            method_group=method_group,
            defaults={
                "value": Decimal(found.value).quantize(_PLACES),
                "sd": Decimal(found.sd).quantize(_PLACES),
                "unit": UNIT,
                "n": found.n,
                "value_type": "in_house",
                "source": f"{found.n} runs of {material.laboratory}, {runs[0][1]:%d %b %Y} to {runs[-1][1]:%d %b %Y}",
            },
        )
    return stored


def establish_values(*, material: ReferenceMaterial, method_group: str, by: Any) -> list[CertifiedValue]:
    """Establish every analyte measured by the group; all or none. Raises `Blocked` naming each that cannot be."""
    require(by, Action.REFERENCE_EDIT)
    measured = material.measurements.filter(method_group=method_group)
    analytes = list(Analyte.objects.filter(pk__in=measured.values("analyte")))
    blockers: list[Blocker] = [] if analytes else [_too_few("nothing", 0)]
    established = []
    with transaction.atomic():
        for analyte in analytes:
            try:
                established.append(establish_value(material=material, analyte=analyte, method_group=method_group, by=by))
            except Blocked as refusal:
                blockers += refusal.blockers
        if blockers:
            raise Blocked(blockers)
    return established


def _compute(symbol: str, values: list[float]) -> InHouseValue:
    if len(values) < MINIMUM_RUNS:
        raise Blocked([_too_few(symbol, len(values))])
    found = establish_in_house_value(values)
    if found.sd == 0:
        raise Blocked([Blocker("no_spread", f"All {found.n} runs of {symbol} gave the same content: check that each was measured.")])
    return found


def _too_few(what: str, runs: int) -> Blocker:
    sentence = f"A value needs at least {MINIMUM_RUNS} recorded runs; of {what} there are {runs}. Record more runs first."
    return Blocker("too_few_runs", sentence)


def _lock_own(material: ReferenceMaterial, by: Any) -> ReferenceMaterial:
    """The material, locked; certified ones and those of other laboratories are nobody's to edit here."""
    material = ReferenceMaterial.objects.select_for_update(no_key=True).get(pk=material.pk)
    if material.kind != MaterialKind.IN_HOUSE or material.laboratory_id != by.organisation_id:
        raise Forbidden("not_in_house", f"{material.code} is not an in-house material of your laboratory; its values are its producer's.")
    return material


def _text_problems(code: str, matrix: str) -> list[Problem]:
    found = []
    if not 2 <= len(code) <= 40:
        found.append(Problem("/code", "length", "A code has 2 to 40 characters: what the label of the bottle says."))
    if not matrix or len(matrix) > 160:
        found.append(Problem("/matrix", "length", "Say in at most 160 characters what the material is made of."))
    return found


def _run_problems(material: ReferenceMaterial, method_group: str, day: date, contents: Mapping[Analyte, Decimal]) -> list[Problem]:
    found = []
    if not Method.objects.filter(method_group=method_group).exists():
        found.append(
            Problem("/method_group", "unknown_choice", f"No method belongs to the group “{method_group}”. Choose one of the list.")
        )
    if day > clock.today():
        found.append(Problem("/measured_on", "future_time", f"{day:%d %b %Y} lies in the future. Check the date."))
    if not contents:
        found.append(Problem("/contents", "empty", "Give the content of at least one analyte."))
    earlier = set(material.measurements.filter(method_group=method_group, measured_on=day).values_list("analyte__symbol", flat=True))
    for analyte, value in contents.items():
        pointer = f"/contents/{analyte.symbol}"
        if analyte.symbol in earlier:
            sentence = f"A run of {day:%d %b %Y} is recorded for {analyte.symbol} already; only one a day counts, so that days differ."
            found.append(Problem(pointer, "repeated", sentence))
        if not value.is_finite() or not 0 < value < 1_000_000:
            found.append(Problem(pointer, "impossible", f"{value} mg/kg is no content; it lies above 0 and below 1 000 000 mg/kg."))
    return found
