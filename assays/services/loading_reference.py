"""Loading the reference data a laboratory starts with (`assays/reference/*.json`): analytes, certified materials, methods.

Safe to repeat: what is there already stays, what changed at its source is changed and kept in history. A method version is the exception:
once stored it is never edited, so a file that says something else about it is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from django.db import transaction
from django.db.models import Model

from assays.calculation.plan import InvalidPlan, read_plan, refuse_for_solid
from assays.chemistry.elements import find_analyte
from assays.models import (
    Analyte,
    CertifiedValue,
    ControlRequirement,
    HighGradeConditions,
    LeachConditions,
    Method,
    MethodAnalyte,
    MethodVersion,
    ReferenceMaterial,
)
from assays.models.methods import Form, ReportedOf
from assays.models.reference import MaterialKind
from assays.qc.evaluate import ControlRequirement as Requirement
from assays.qc.evaluate import InvalidRequirement, check_requirement
from assays.qc.measurements import ControlKind
from assays.services.loading_routes import load_routes
from assays.tray_layout import read_placement
from lims.core.acting import acting
from lims.core.errors import DomainError, Invalid

FOLDER = Path(__file__).resolve().parent.parent / "reference"

M = TypeVar("M", bound=Model)


class AnalyteRow(msgspec.Struct, kw_only=True):
    """An element of `analytes.json`; its oxide factor is computed from the atomic weights, never read."""

    symbol: str
    name: str
    oxide: str
    order: int


class ValueRow(msgspec.Struct, kw_only=True):
    """A content of a reference material, in `unit`, by one method group."""

    analyte: str
    method_group: str
    value: Decimal
    unit: str
    sd_1s: Decimal | None
    ci95_low: Decimal | None
    ci95_high: Decimal | None
    u_k2: Decimal | None
    interval_type: str
    value_type: str
    confidence: str
    stated_as: str = ""
    stated_value: str = ""
    stated_unit: str = ""


class MaterialRow(msgspec.Struct, kw_only=True):
    """A certified material of `reference_materials.json`."""

    code: str
    producer: str
    matrix: str
    mineralisation: str
    status: str
    source: str
    note: str
    values: list[ValueRow]


class MethodAnalyteRow(msgspec.Struct, kw_only=True):
    """What a method version measures of one analyte; limits in its unit."""

    analyte: str
    isotope: str
    lod: Decimal
    loq: Decimal
    upper_limit: Decimal
    relative_uncertainty_percent: Decimal
    required: bool
    source: str
    accredited: bool = False


class ControlRow(msgspec.Struct, kw_only=True):
    """A control a method version asks for."""

    kind: str
    rule: str
    minimum_count: int
    rate_percent: Decimal
    limits: dict[str, float]
    analytes: list[str] | None
    order: int
    source: str
    condemns: str = ""
    placement: dict[str, Any] = {}


class LeachRow(msgspec.Struct, kw_only=True):
    """How a method version leaches; limits as pairs of texts or null."""

    reagent: str
    concentration_mol_l: Decimal
    limits: dict[str, tuple[str | None, str | None]]
    source: str
    pore_water_counts: bool = True


class HighGradeRow(msgspec.Struct, kw_only=True):
    """What a classical method version of high-grade products states."""

    technique: str
    proposed_from_percent: Decimal
    total_least_percent: Decimal
    total_most_percent: Decimal
    uncertainties: dict[str, str]
    source: str
    ignition_c: int = 1000


class VersionRow(msgspec.Struct, kw_only=True):
    """A version of a method."""

    number: int
    in_force_from: date
    unit: str
    basis: str
    solution_unit: str
    test_portion_g: Decimal
    volume_ml: Decimal | None
    dilution: Decimal
    drying_c: int
    rule_set: str
    note: str
    analytes: list[MethodAnalyteRow]
    controls: list[ControlRow]
    test_portion_tolerance_percent: Decimal = Decimal(10)
    reviewer_may_authorise: bool = False
    randomised: bool = False
    form: str = Form.SOLUTION
    reported_of: str = ReportedOf.SAMPLE
    specimen_g: Decimal | None = None
    calculation: dict[str, Any] = {}
    leach: LeachRow | None = None
    high_grade: HighGradeRow | None = None


class MethodRow(msgspec.Struct, kw_only=True):
    """A method of `methods.json`."""

    code: str
    name: str
    method_group: str
    extraction: str
    description: str
    versions: list[VersionRow]


class AnalyteFile(msgspec.Struct, kw_only=True):
    """`analytes.json`."""

    analytes: list[AnalyteRow]


class MaterialFile(msgspec.Struct, kw_only=True):
    """`reference_materials.json`."""

    materials: list[MaterialRow]


class QuantityRow(msgspec.Struct, kw_only=True):
    """What is reported like an analyte without being an element: a sum by weight, a loss on ignition."""

    symbol: str
    name: str
    oxide: str
    order: int


class HighGradeFile(msgspec.Struct, kw_only=True):
    """`high_grade.json`."""

    quantities: list[QuantityRow]
    methods: list[MethodRow]


class MethodFile(msgspec.Struct, kw_only=True):
    """`methods.json`."""

    methods: list[MethodRow]


@dataclass(frozen=True)
class Loaded:
    """How many rows were written, by kind; nought where everything was current."""

    written: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.written.values())


def load_reference_data(*, folder: Path = FOLDER, by: Any) -> Loaded:
    """Store what the files of `folder` say (`high_grade.json`, `solids.json` and `routes.json` may be missing).

    Raises `Invalid` with file, place and remedy.
    """
    analytes = _read(folder / "analytes.json", AnalyteFile).analytes
    materials = _read(folder / "reference_materials.json", MaterialFile).materials
    methods = [*_read(folder / "methods.json", MethodFile).methods]
    if (folder / "solids.json").exists():
        methods += _read(folder / "solids.json", MethodFile).methods
    classical = folder / "high_grade.json"
    high_grade = _read(classical, HighGradeFile) if classical.exists() else HighGradeFile(quantities=[], methods=[])
    with transaction.atomic(), acting(by, "reference data loaded"):
        written = {"analytes": _store_analytes(analytes)}
        written["analytes"] += _store_quantities(high_grade.quantities)
        symbols = {analyte.symbol: analyte for analyte in Analyte.objects.all()}
        written["materials"], written["values"] = _store_materials(materials, symbols)
        written["methods"], written["versions"] = _store_methods([*methods, *high_grade.methods], symbols)
        written["routes"] = load_routes(folder / "routes.json")
    return Loaded(written)


def load_methods(*, methods: Sequence[MethodRow], by: Any) -> int:
    """Store further methods beside those of the files; returns how many methods and versions were written. Raises `Invalid`."""
    with transaction.atomic(), acting(by, "methods loaded"):
        return sum(_store_methods(list(methods), {analyte.symbol: analyte for analyte in Analyte.objects.all()}))


def read_methods(path: Path = FOLDER / "methods.json") -> list[MethodRow]:
    """The methods a file describes. Raises `Invalid` naming what cannot be read."""
    methods: list[MethodRow] = _read(path, MethodFile).methods
    return methods


def _read(path: Path, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise DomainError("reference_file", f"The reference file {path} cannot be opened: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise Invalid("reference_file", f"The reference file {path} cannot be read: {error}. Correct it; nothing was loaded.") from error


def _store(model: type[M], keys: Sequence[str], rows: Iterable[dict[str, Any]]) -> int:
    """Insert what is new and update what differs, by natural key; returns how many rows were written."""
    rows = list(rows)
    existing = {tuple(getattr(one, key) for key in keys): one for one in model._default_manager.all()}
    new, changed = [], []
    for row in rows:
        found = existing.get(tuple(row[key] for key in keys))
        if found is None:
            new.append(model(**row))
        elif any(getattr(found, name) != value for name, value in row.items()):
            for name, value in row.items():
                setattr(found, name, value)
            changed.append(found)
    model._default_manager.bulk_create(new)
    if changed:
        model._default_manager.bulk_update(changed, [name for name in rows[0] if name not in keys])
    return len(new) + len(changed)


def _store_analytes(rows: list[AnalyteRow]) -> int:
    factor = Decimal("0.000000001")
    return _store(
        Analyte,
        ["symbol"],
        [
            {
                "symbol": row.symbol,
                "name": row.name,
                "oxide": row.oxide,
                "oxide_factor": Decimal(find_analyte(row.symbol).factor).quantize(factor),
                "order": row.order,
            }
            for row in rows
        ],
    )


def _store_quantities(rows: list[QuantityRow]) -> int:
    return _store(Analyte, ["symbol"], [msgspec.structs.asdict(row) | {"oxide_factor": Decimal(1)} for row in rows]) if rows else 0


def _store_materials(rows: list[MaterialRow], analytes: Mapping[str, Analyte]) -> tuple[int, int]:
    materials = _store(
        ReferenceMaterial,
        ["code"],
        [
            {
                "code": row.code,
                "kind": MaterialKind.CERTIFIED,
                "producer": row.producer,
                "matrix": row.matrix,
                "mineralisation": row.mineralisation,
                "status": row.status,
                "note": row.note,
            }
            for row in rows
        ],
    )
    ids = dict(ReferenceMaterial.objects.values_list("code", "id"))
    values = _store(
        CertifiedValue,
        ["material_id", "analyte_id", "method_group"],
        [_value(row, value, ids[row.code], analytes) for row in rows for value in row.values],
    )
    return materials, values


def _value(material: MaterialRow, row: ValueRow, material_id: Any, analytes: Mapping[str, Analyte]) -> dict[str, Any]:
    return {
        "material_id": material_id,
        "analyte_id": _analyte(analytes, row.analyte, material.code).pk,
        "method_group": row.method_group,
        "value": row.value,
        "unit": row.unit,
        "sd": row.sd_1s,
        "interval_low": row.ci95_low,
        "interval_high": row.ci95_high,
        "expanded_uncertainty": row.u_k2,
        "interval_type": row.interval_type,
        "value_type": row.value_type,
        "confidence": row.confidence,
        "stated": " ".join(part for part in (row.stated_value, row.stated_unit, row.stated_as) if part),
        "source": material.source,
    }


def _analyte(analytes: Mapping[str, Analyte], symbol: str, where: str) -> Analyte:
    if symbol not in analytes:
        raise Invalid("unknown_analyte", f"{where} names the analyte {symbol!r}, which analytes.json does not know. Add it there first.")
    return analytes[symbol]


def _store_methods(rows: list[MethodRow], analytes: Mapping[str, Analyte]) -> tuple[int, int]:
    methods = _store(
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
        limits.append({"analyte_id": _analyte(analytes, one.analyte, where).pk, **fields})
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
