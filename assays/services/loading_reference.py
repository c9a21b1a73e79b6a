"""Loading the reference data a laboratory starts with (`assays/reference/*.json`): analytes, certified materials, methods.

Safe to repeat: what is there already stays, what changed at its source is changed and kept in history. A method version is the exception:
once stored it is never edited, so a file that says something else about it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from django.db import transaction

from assays.chemistry.elements import find_analyte
from assays.models import Analyte, CertifiedValue, ReferenceMaterial
from assays.models.reference import MaterialKind
from assays.services.loading_files import (
    FOLDER,
    AnalyteFile,
    AnalyteRow,
    HighGradeFile,
    MaterialFile,
    MaterialRow,
    MethodFile,
    QuantityRow,
    ValueRow,
    read_file,
)
from assays.services.loading_methods import store_methods
from assays.services.loading_routes import load_routes
from assays.services.loading_rows import find_row_analyte, store_rows
from lims.core.acting import acting


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
    analytes = read_file(folder / "analytes.json", AnalyteFile).analytes
    materials = read_file(folder / "reference_materials.json", MaterialFile).materials
    methods = [*read_file(folder / "methods.json", MethodFile).methods]
    if (folder / "solids.json").exists():
        methods += read_file(folder / "solids.json", MethodFile).methods
    classical = folder / "high_grade.json"
    high_grade = read_file(classical, HighGradeFile) if classical.exists() else HighGradeFile(quantities=[], methods=[])
    with transaction.atomic(), acting(by, "reference data loaded"):
        written = {"analytes": _store_analytes(analytes)}
        written["analytes"] += _store_quantities(high_grade.quantities)
        symbols = {analyte.symbol: analyte for analyte in Analyte.objects.all()}
        written["materials"], written["values"] = _store_materials(materials, symbols)
        written["methods"], written["versions"] = store_methods([*methods, *high_grade.methods], symbols)
        written["routes"] = load_routes(folder / "routes.json")
    return Loaded(written)


def _store_analytes(rows: list[AnalyteRow]) -> int:
    factor = Decimal("0.000000001")
    return store_rows(
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
    return store_rows(Analyte, ["symbol"], [msgspec.structs.asdict(row) | {"oxide_factor": Decimal(1)} for row in rows]) if rows else 0


def _store_materials(rows: list[MaterialRow], analytes: Mapping[str, Analyte]) -> tuple[int, int]:
    materials = store_rows(
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
    values = store_rows(
        CertifiedValue,
        ["material_id", "analyte_id", "method_group"],
        [_value(row, value, ids[row.code], analytes) for row in rows for value in row.values],
    )
    return materials, values


def _value(material: MaterialRow, row: ValueRow, material_id: Any, analytes: Mapping[str, Analyte]) -> dict[str, Any]:
    return {
        "material_id": material_id,
        "analyte_id": find_row_analyte(analytes, row.analyte, material.code).pk,
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
