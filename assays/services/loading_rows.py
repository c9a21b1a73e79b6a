"""Rows of reference data in the database: by natural key, what is new inserted and what differs updated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.db.models import Model

from assays.models import Analyte
from lims.core.errors import Invalid

M = TypeVar("M", bound=Model)


def store_rows(model: type[M], keys: Sequence[str], rows: Iterable[dict[str, Any]]) -> int:
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


def find_row_analyte(analytes: Mapping[str, Analyte], symbol: str, where: str) -> Analyte:
    """The analyte a row names. Raises `Invalid` saying which row (`where`) and what to do."""
    if symbol not in analytes:
        raise Invalid("unknown_analyte", f"{where} names the analyte {symbol!r}, which analytes.json does not know. Add it there first.")
    return analytes[symbol]
