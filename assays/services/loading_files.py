"""What the files of reference data say (`assays/reference/*.json`): their rows, and reading them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from assays.models.methods import Form, ReportedOf
from lims.core.errors import DomainError, Invalid

FOLDER = Path(__file__).resolve().parent.parent / "reference"


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


def read_methods(path: Path = FOLDER / "methods.json") -> list[MethodRow]:
    """The methods a file describes. Raises `Invalid` naming what cannot be read."""
    methods: list[MethodRow] = read_file(path, MethodFile).methods
    return methods


def read_file(path: Path, kind: type[Any]) -> Any:
    """A file as `kind`. Raises `DomainError` where it cannot be opened, `Invalid` naming what cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise DomainError("reference_file", f"The reference file {path} cannot be opened: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise Invalid("reference_file", f"The reference file {path} cannot be read: {error}. Correct it; nothing was loaded.") from error
