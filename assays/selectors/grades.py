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
from assays.chemistry.elements import ANALYTES, find_analyte
from assays.chemistry.groups import GROUPS, GroupDefinition, GroupSum, sum_group
from assays.chemistry.oxides import find_factor
from assays.chemistry.rounding import Rule, report, round_significant
from assays.models import Result
from lims.core.roles import Action, require

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
    some are `censored` (below their limit); with members `missing` or `over_range` it is at least its `lower`."""

    name: str
    definition: str
    lower: float
    half: float
    upper: float
    censored: tuple[str, ...]
    over_range: tuple[str, ...]
    missing: tuple[str, ...]
    uncertainty: float | None
    unit: str
    basis: str
    text: str
    uncertainty_text: str

    @property
    def complete(self) -> bool:
        """Whether every member was measured."""
        return not self.missing

    @property
    def is_number(self) -> bool:
        """Whether it is one number rather than a range or a bound."""
        return not (self.missing or self.censored or self.over_range)


@dataclass(frozen=True)
class Grade:
    """The grades of one sample by one method at one laboratory. `is_draft` when any of its numbers is not authorised."""

    sample_id: UUID
    laboratory: str
    method: str
    extraction: str
    extraction_label: str
    basis: str
    unit: str
    authorised_at: datetime | None
    is_draft: bool
    elements: Mapping[str, Content]
    oxides: Mapping[str, Content]
    sums: Mapping[str, Sum]
    values: Mapping[str, Censored] = field(repr=False)


def grades_of(sample_ids: Iterable[UUID] | QuerySet[Any], viewer: Any, *, drafts: bool = False) -> list[Grade]:
    """The grades of samples within the viewer's scope, one per (sample, method, laboratory), newest first. One query.

    Authorised versions only; `drafts=True` takes the current ones instead, for those who may see results before authorisation
    (`Forbidden` otherwise). Measured again, the newer test stands for the older as a whole: their numbers are never mixed.
    """
    if drafts:
        require(viewer, Action.RESULT_DRAFT)
    pointer = "current" if drafts else "authorised"
    rows = (
        Result.objects.visible_to(viewer)
        .filter(sample__in=sample_ids, **{f"{pointer}__isnull": False})
        .select_related(pointer, f"{pointer}__method_version__method", "analyte", "test__submission__laboratory")
        .order_by("analyte__order")
    )
    tests: dict[UUID, dict[str, Result]] = defaultdict(dict)
    for row in rows:
        # What is no element (a total by weight, a loss on ignition) has no grade of elements.
        if row.analyte.symbol in ANALYTES:
            tests[row.test_id][row.analyte.symbol] = row
    newest: dict[tuple[UUID, UUID, UUID], dict[str, Result]] = {}
    for _, results in sorted(tests.items(), key=lambda item: _age_of(item[0], item[1])):
        one = next(iter(results.values()))
        method = getattr(one, pointer).method_version.method_id
        newest[one.sample_id, method, one.test.submission.laboratory_id] = results
    return [make_grade(results, pointer) for results in reversed(newest.values())]


def weighed_contents(sample_id: UUID, viewer: Any) -> list[Result]:
    """The authorised results of a sample that are no element: total rare-earth oxides by weight or titration, loss on ignition."""
    rows = Result.objects.visible_to(viewer).filter(sample=sample_id, authorised__isnull=False).exclude(analyte__symbol__in=ANALYTES)
    return list(rows.select_related("analyte", "authorised__method_version__method").order_by("-authorised_at", "analyte__order"))


def _age_of(test_id: UUID, results: Mapping[str, Result]) -> tuple[bool, datetime | None, UUID]:
    """Sorts tests oldest first; one that was never authorised comes last, being newer than any release."""
    authorised_at = max((one.authorised_at for one in results.values() if one.authorised_at), default=None)
    return authorised_at is None, authorised_at, test_id


def make_grade(results: Mapping[str, Result], pointer: str = "authorised") -> Grade:
    """Grades from the results of one test, by symbol. `pointer` names which version of each counts."""
    versions = {symbol: getattr(result, pointer) for symbol, result in results.items()}
    head, first = next(iter(results.values())), next(iter(versions.values()))
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
        sample_id=head.sample_id,
        laboratory=head.test.submission.laboratory.name,
        method=str(first.method_version),
        extraction=method.extraction,
        extraction_label=str(method.get_extraction_display()),
        basis=basis,
        unit=unit,
        authorised_at=max((result.authorised_at for result in results.values() if result.authorised_at), default=None),
        is_draft=any(result.authorised_id != versions[symbol].pk for symbol, result in results.items()),
        elements=elements,
        oxides={symbol: as_oxide(content) for symbol, content in elements.items() if symbol in ANALYTES},
        sums=_sums(values, uncertainties, unit, basis),
        values=values,
    )


def _sums(values: Mapping[str, Censored], uncertainties: Mapping[str, float], unit: str, basis: str) -> dict[str, Sum]:
    """The group sums; none where no element was measured."""
    if not any(symbol in ANALYTES for symbol in values):
        return {}
    return {GROUPS[code].name: make_sum(code, values, uncertainties, unit, basis) for code in GRADE_GROUPS}


def as_oxide(content: Content) -> Content:
    """The same content as its reporting oxide."""
    factor = find_factor(content.species)
    value = content.value * factor
    uncertainty = content.uncertainty * factor if content.uncertainty is not None else None
    text, uncertainty_text = content_text(value, content.qualifier, uncertainty)
    oxide = find_analyte(content.species).oxide
    return Content(oxide, text, value, content.qualifier, uncertainty, uncertainty_text, content.unit, content.basis)


def content_text(value: float, qualifier: str, uncertainty: float | None) -> tuple[str, str]:
    """A content and its uncertainty as reported; a `<` bound is never rounded down, a `>` bound never up."""
    if qualifier:
        return qualifier + round_significant(value, 2, Rule.UP if qualifier == "<" else Rule.DOWN), ""
    reported = report(value, uncertainty)
    return reported.text, reported.uncertainty_text


def make_sum(code: str, values: Mapping[str, Censored], uncertainties: Mapping[str, float], unit: str, basis: str) -> Sum:
    """One group sum with its bounds and its words. U is stated only where every member is quantified, added linearly: rare earths share
    preparation and internal standard, so their errors go together."""
    definition = GROUPS[code]
    found = sum_group(definition, values, uncertainties)
    uncertainty = found.uncertainty_correlated if found.complete and not found.censored_count else None
    text, uncertainty_text = _sum_text(found, uncertainty)
    return Sum(
        name=definition.name,
        definition=definition.text,
        lower=found.lower,
        half=found.half,
        upper=found.upper,
        censored=_qualified(definition, values, "<"),
        over_range=_qualified(definition, values, ">"),
        missing=found.missing,
        uncertainty=uncertainty,
        unit=unit,
        basis=basis,
        text=text,
        uncertainty_text=uncertainty_text,
    )


def _qualified(definition: GroupDefinition, values: Mapping[str, Censored], qualifier: str) -> tuple[str, ...]:
    return tuple(symbol for symbol in definition.members if symbol in values and values[symbol].qualifier == qualifier)


def _sum_text(found: GroupSum, uncertainty: float | None) -> tuple[str, str]:
    """`1234`, a range `1230–1240`, or a bound: `≥1230` when a member was not measured or is over range."""
    if uncertainty is not None:
        return content_text(found.upper, "", uncertainty)
    lower = round_significant(found.lower, 4, Rule.DOWN)
    if found.missing or math.isinf(found.upper):
        return f"≥{lower}", ""
    return (lower if found.upper == found.lower else f"{lower}–{round_significant(found.upper, 4, Rule.UP)}"), ""


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
    return {
        "value": found.text if found.is_number else None,
        "text": found.text,
        "lower": round_significant(found.lower, 4, Rule.DOWN),
        "upper": round_significant(found.upper, 4, Rule.UP) if found.complete and not math.isinf(found.upper) else None,
        "unit": found.unit,
        "basis": found.basis,
        "uncertainty": found.uncertainty_text or None,
        "k": "2" if found.uncertainty_text else None,
        "censored": list(found.censored),
        "over_range": list(found.over_range),
        "missing": list(found.missing),
        "complete": found.complete,
        "definition": found.definition,
    }


def grade_row(grade: Grade) -> dict[str, Any]:
    """One grade as the API shows it; the caller adds what names the sample."""
    return {
        "laboratory": grade.laboratory,
        "method": grade.method,
        "extraction": grade.extraction,
        "basis": grade.basis,
        "unit": grade.unit,
        "authorised_at": grade.authorised_at.isoformat() if grade.authorised_at else None,
        **{symbol.lower(): content_row(grade.elements.get(symbol)) for symbol in HEADLINE},
        **{find_analyte(symbol).oxide.lower(): content_row(grade.oxides.get(symbol)) for symbol in HEADLINE},
        **{name.lower(): sum_row(found) for name, found in grade.sums.items()},
    }


def flat_grade_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a table: every row has the same columns, whether a content was measured or not; lists are words."""
    wide = {name: dict.fromkeys(_CONTENT_COLUMNS) if value is None and name in _CONTENTS else value for name, value in row.items()}
    for value in wide.values():
        if isinstance(value, dict):
            value.update({key: ", ".join(item) for key, item in value.items() if isinstance(item, list)})
    return wide


_CONTENT_COLUMNS = ("species", "value", "qualifier", "unit", "basis", "uncertainty", "k")
_CONTENTS = frozenset(name for symbol in HEADLINE for name in (symbol.lower(), find_analyte(symbol).oxide.lower()))
