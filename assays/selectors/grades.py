"""Grades: Dy and Tb as element and oxide, and the group sums, from authorised results. Computed when asked, never stored.

Total, four-acid digestible and leachable contents are different quantities and stay apart: a grade belongs to one sample and one method.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from assays.chemistry.censored import Censored
from assays.chemistry.elements import find_analyte
from assays.chemistry.groups import GROUPS, GroupSum, sum_group
from assays.chemistry.oxides import find_factor
from assays.chemistry.rounding import Rule, report, round_significant
from assays.models import Result

HEADLINE = ("Dy", "Tb")
GRADE_GROUPS = ("TREO", "HREO_Gd_LuY", "MREO_PrNdTbDy")


@dataclass(frozen=True)
class Content:
    """One content as reported: `text` with its qualifier, `value` unrounded (the bound when censored), `uncertainty` expanded (k = 2)."""

    species: str
    text: str
    value: float
    qualifier: str
    uncertainty: float | None
    uncertainty_text: str
    unit: str
    basis: str
    k: str = "2"

    @property
    def number(self) -> str:
        """The text without its qualifier."""
        return self.text.lstrip("<>")


@dataclass(frozen=True)
class Sum:
    """A group sum as oxides, with its printed definition. `text` is the value when every member is quantified, a range `lower–upper` when
    some are censored; an incomplete sum says so and names the members that were not measured."""

    name: str
    definition: str
    lower: float
    half: float
    upper: float
    censored_count: int
    missing: tuple[str, ...]
    uncertainty: float | None
    unit: str
    basis: str
    text: str
    uncertainty_text: str

    @property
    def complete(self) -> bool:
        return not self.missing


@dataclass(frozen=True)
class Grade:
    """The grades of one sample by one method."""

    sample_id: UUID
    method: str
    extraction: str
    extraction_label: str
    basis: str
    unit: str
    authorised_at: datetime | None
    elements: Mapping[str, Content]
    oxides: Mapping[str, Content]
    sums: Mapping[str, Sum]
    values: Mapping[str, Censored] = field(repr=False)


def grades_of(sample_ids: Iterable[UUID] | QuerySet[Any], *, drafts: bool = False) -> list[Grade]:
    """The grades of samples, one per (sample, method), newest authorisation first. `drafts=True` takes current instead of authorised
    versions: for those who may see results before release. One query."""
    pointer = "current" if drafts else "authorised"
    rows = (
        Result.objects.filter(sample__in=sample_ids, **{f"{pointer}__isnull": False})
        .select_related(pointer, f"{pointer}__method_version__method", "analyte")
        .order_by("authorised_at", "id")
    )
    groups: dict[tuple[UUID, UUID], dict[str, Result]] = defaultdict(dict)
    for row in rows:
        version = getattr(row, pointer)
        # A later result of the same sample and method stands for the earlier one.
        groups[row.sample_id, version.method_version.method_id][row.analyte.symbol] = row
    grades = [make_grade(sample_id, results, pointer) for (sample_id, _), results in groups.items()]
    return sorted(grades, key=lambda grade: (grade.authorised_at is not None, grade.authorised_at), reverse=True)


def make_grade(sample_id: UUID, results: Mapping[str, Result], pointer: str = "authorised") -> Grade:
    """Grades from the results of one sample by one method, by symbol."""
    versions = {symbol: getattr(result, pointer) for symbol, result in results.items()}
    first = next(iter(versions.values()))
    values = {symbol: Censored(float(one.value), one.qualifier.replace("=", "")) for symbol, one in versions.items()}
    uncertainties = {symbol: float(one.uncertainty) for symbol, one in versions.items() if one.uncertainty is not None}
    unit, basis, method = first.unit, first.basis, first.method_version.method
    elements = {
        symbol: Content(
            symbol, one.text, float(one.value), values[symbol].qualifier, uncertainties.get(symbol), one.uncertainty_text, unit, basis
        )
        for symbol, one in versions.items()
    }
    return Grade(
        sample_id=sample_id,
        method=str(first.method_version),
        extraction=method.extraction,
        extraction_label=str(method.get_extraction_display()),
        basis=basis,
        unit=unit,
        authorised_at=max((result.authorised_at for result in results.values() if result.authorised_at), default=None),
        elements=elements,
        oxides={symbol: as_oxide(content) for symbol, content in elements.items()},
        sums={name: make_sum(code, values, uncertainties, unit, basis) for code in GRADE_GROUPS for name in [GROUPS[code].name]},
        values=values,
    )


def as_oxide(content: Content) -> Content:
    """The same content as its reporting oxide."""
    factor = find_factor(content.species)
    value = content.value * factor
    uncertainty = content.uncertainty * factor if content.uncertainty is not None else None
    text, uncertainty_text = content_text(value, content.qualifier, uncertainty)
    oxide = find_analyte(content.species).oxide
    return Content(oxide, text, value, content.qualifier, uncertainty, uncertainty_text, content.unit, content.basis)


def content_text(value: float, qualifier: str, uncertainty: float | None) -> tuple[str, str]:
    """A content and its uncertainty as reported; a `<` bound is never rounded down."""
    if qualifier:
        return qualifier + round_significant(value, 2, Rule.UP if qualifier == "<" else Rule.HALF_EVEN), ""
    reported = report(value, uncertainty)
    return reported.text, reported.uncertainty_text


def make_sum(code: str, values: Mapping[str, Censored], uncertainties: Mapping[str, float], unit: str, basis: str) -> Sum:
    """One group sum with its bounds and its words."""
    definition = GROUPS[code]
    found = sum_group(definition, values, uncertainties)
    uncertainty = found.uncertainty_correlated if found.complete and not found.censored_count else None
    text, uncertainty_text = _sum_text(found, uncertainty)
    return Sum(
        definition.name, definition.text, found.lower, found.half, found.upper, found.censored_count, found.missing, uncertainty, unit, basis,
        text, uncertainty_text,
    )  # fmt: skip


def _sum_text(found: GroupSum, uncertainty: float | None) -> tuple[str, str]:
    """`1234`, a range `1230–1240`, or a bound; what is incomplete carries that word on the page, beside this text."""
    if uncertainty is not None:
        return content_text(found.upper, "", uncertainty)
    lower = round_significant(found.lower, 4)
    if found.upper == found.lower:
        return lower, ""
    return (f">{lower}", "") if math.isinf(found.upper) else (f"{lower}–{round_significant(found.upper, 4, Rule.UP)}", "")


def content_row(content: Content | None) -> dict[str, Any] | None:
    """A content as the API shows it: numbers as text exactly as reported."""
    if content is None:
        return None
    return {
        "species": content.species,
        "value": content.number,
        "qualifier": content.qualifier,
        "unit": content.unit,
        "basis": content.basis,
        "uncertainty": content.uncertainty_text or None,
        "k": content.k if content.uncertainty_text else None,
    }


def sum_row(found: Sum) -> dict[str, Any]:
    """A sum as the API shows it, with its bounds, its definition and what is missing."""
    finite = not math.isinf(found.upper)
    return {
        "value": found.text if found.complete and not found.censored_count else None,
        "text": found.text,
        "lower": round_significant(found.lower, 4) if found.lower else "0",
        "upper": round_significant(found.upper, 4, Rule.UP) if finite and found.upper else None,
        "unit": found.unit,
        "basis": found.basis,
        "uncertainty": found.uncertainty_text or None,
        "k": "2" if found.uncertainty_text else None,
        "censored_count": found.censored_count,
        "missing": list(found.missing),
        "complete": found.complete,
        "definition": found.definition,
    }


def grade_row(grade: Grade) -> dict[str, Any]:
    """One grade as the API shows it; the caller adds what names the sample."""
    return {
        "method": grade.method,
        "extraction": grade.extraction,
        "basis": grade.basis,
        "unit": grade.unit,
        "authorised_at": grade.authorised_at.isoformat() if grade.authorised_at else None,
        **{symbol.lower(): content_row(grade.elements.get(symbol)) for symbol in HEADLINE},
        **{find_analyte(symbol).oxide.lower(): content_row(grade.oxides.get(symbol)) for symbol in HEADLINE},
        **{name.lower(): sum_row(found) for name, found in grade.sums.items()},
    }
