"""Storing methods and their versions from rows of reference data: a version is checked, and never edited once it is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Model

from assays.calculation.plan import InvalidPlan, read_plan, refuse_for_solid
from assays.models import Analyte, ControlRequirement, HighGradeConditions, LeachConditions, Method, MethodAnalyte, MethodVersion
from assays.models.methods import Form, ReportedOf
from assays.qc.evaluate import ControlRequirement as Requirement
from assays.qc.evaluate import InvalidRequirement, check_requirement
from assays.qc.measurements import ControlKind
from assays.services.loading_files import ControlRow, HighGradeRow, LeachRow, MethodRow, VersionRow
from assays.services.loading_rows import find_row_analyte, store_rows
from assays.tray_layout import read_placement
from lims.core.acting import acting
from lims.core.errors import Invalid


def load_methods(*, methods: Sequence[MethodRow], by: Any) -> int:
    """Store further methods beside those of the files; returns how many methods and versions were written. Raises `Invalid`."""
    with transaction.atomic(), acting(by, "methods loaded"):
        return sum(store_methods(list(methods), {analyte.symbol: analyte for analyte in Analyte.objects.all()}))


def store_methods(rows: list[MethodRow], analytes: Mapping[str, Analyte]) -> tuple[int, int]:
    """How many methods and how many versions were written."""
    methods = store_rows(
        Method,
        ["code"],
        [
            {
                "code": row.code,
                "name": row.name,
                "method_group": row.method_group,
                "extraction": row.extraction,
                "description": row.description,
            }
            for row in rows
        ],
    )
    stored = {method.code: method for method in Method.objects.all()}
    versions = sum(_store_version(stored[row.code], version, analytes) for row in rows for version in row.versions)
    return methods, versions


def _store_version(method: Method, row: VersionRow, analytes: Mapping[str, Analyte]) -> int:
    """Store a version that is new; refuse one that contradicts what is stored."""
    fields = {name: getattr(row, name) for name in row.__struct_fields__ if name not in {"analytes", "controls", "leach", "high_grade"}}
    children = _version_children(f"{method.code} v{row.number}", row, analytes)
    existing = MethodVersion.objects.filter(method=method, number=row.number).first()
    if existing is not None:
        _refuse_edited(existing, fields, children)
        return _store_leach(existing, row.leach) + _store_high_grade(existing, row.high_grade)
    version = MethodVersion.objects.create(method=method, **fields)
    MethodAnalyte.objects.bulk_create(MethodAnalyte(method_version=version, **one) for one in children[MethodAnalyte])
    ControlRequirement.objects.bulk_create(ControlRequirement(method_version=version, **one) for one in children[ControlRequirement])
    return 1 + _store_leach(version, row.leach) + _store_high_grade(version, row.high_grade)


def _store_high_grade(version: MethodVersion, row: HighGradeRow | None) -> int:
    """Store what a classical version states, once; what is there is never edited."""
    if row is None:
        return 0
    fields = msgspec.structs.asdict(row)
    found = HighGradeConditions.objects.filter(method_version=version).first()
    if found is None:
        HighGradeConditions.objects.create(method_version=version, **fields)
        return 1
    if any(getattr(found, name) != value for name, value in fields.items()):
        sentence = f"{version} is stored and never edited, but the file differs in what it states of high grades. Give it a new number."
        raise Invalid("method_version_edited", sentence)
    return 0


def _store_leach(version: MethodVersion, row: LeachRow | None) -> int:
    """Store how the version leaches, once: a version loaded before these were asked for gets them, what is there is never edited."""
    if row is None:
        return 0
    fields = msgspec.structs.asdict(row) | {"limits": {name: list(pair) for name, pair in row.limits.items()}}
    found = LeachConditions.objects.filter(method_version=version).first()
    if found is None:
        LeachConditions.objects.create(method_version=version, **fields)
        return 1
    if any(getattr(found, name) != value for name, value in fields.items()):
        raise Invalid(
            "method_version_edited", f"{version} is stored and never edited, but the file differs in its leach. Give it a new number."
        )
    return 0


def _version_children(where: str, row: VersionRow, analytes: Mapping[str, Analyte]) -> dict[type[Model], list[dict[str, Any]]]:
    _check_form(where, row)
    try:
        plan = read_plan(row.calculation, {one.analyte: one.isotope for one in row.analytes})
        if row.form != Form.SOLUTION:
            refuse_for_solid(plan)
    except InvalidPlan as error:
        raise Invalid("calculation", f"{where}: {error}") from error
    limits = []
    for one in row.analytes:
        fields = {name: getattr(one, name) for name in one.__struct_fields__ if name != "analyte"}
        limits.append({"analyte_id": find_row_analyte(analytes, one.analyte, where).pk, **fields})
    for control in row.controls:
        _check_control(where, control)
    return {MethodAnalyte: limits, ControlRequirement: [msgspec.structs.asdict(control) for control in row.controls]}


def _check_form(where: str, row: VersionRow) -> None:
    """A version whose amounts do not belong to what it measures is refused: a solid is not dissolved, a solution has no specimen."""
    if row.form not in Form.values or row.reported_of not in ReportedOf.values:
        sentence = f"form is one of {', '.join(Form.values)}, reported_of one of {', '.join(ReportedOf.values)}."
    elif row.form == Form.SOLUTION:
        unfit = row.volume_ml is None or row.specimen_g is not None or row.reported_of != ReportedOf.SAMPLE
        sentence = "A solution has its volume_ml, and neither specimen_g nor another reported_of than sample." if unfit else ""
    elif row.volume_ml is not None or row.dilution != 1 or row.leach is not None or row.high_grade is not None:
        sentence = "A solid is not dissolved: volume_ml is null, dilution 1, and nothing is leached or titrated."
    elif row.unit != "mg/kg" or row.solution_unit not in {"mg/kg", "%"}:
        sentence = "A solid's results are in mg/kg, its readings (solution_unit) in mg/kg or %."
    else:
        lacks = row.reported_of == ReportedOf.SPECIMEN and not row.specimen_g
        sentence = "Contents of the specimen need its usual mass, specimen_g." if lacks else ""
    if sentence:
        raise Invalid("form", f"{where}: {sentence}")


def _check_control(where: str, control: ControlRow) -> None:
    """A control that could not be judged later is refused now."""
    try:
        check_requirement(
            Requirement(
                ControlKind(control.kind),
                control.rule,
                control.limits,
                control.minimum_count,
                float(control.rate_percent),
                condemns=control.condemns,
            )
        )
        read_placement(control.placement)
    except (InvalidRequirement, ValueError, TypeError) as error:
        raise Invalid("control_requirement", f"{where}, control {control.kind}: {error}") from error


def _refuse_edited(version: MethodVersion, fields: dict[str, Any], children: dict[type[Model], list[dict[str, Any]]]) -> None:
    changed = [name for name, value in fields.items() if getattr(version, name) != value]
    for model, rows in children.items():
        stored = list(model._default_manager.filter(method_version=version).values(*(rows[0] if rows else ["id"])))
        if len(stored) != len(rows) or not all(row in stored for row in rows):
            changed.append(str(model._meta.verbose_name_plural))
    if changed:
        raise Invalid(
            "method_version_edited",
            f"{version} is stored and never edited, but the file differs in: {', '.join(changed)}. Give the change a new version number.",
        )
