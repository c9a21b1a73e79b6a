"""Reading results: lists by viewer, one number with everything it was made of."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from assays.instruments.models import Reading
from assays.models import Result, ResultVersion
from assays.selectors.runs import number_text


def authorised_results(viewer: Any) -> QuerySet[Result]:
    """What may be said: results of the viewer's scope as they were authorised last."""
    return _with_names(Result.objects.visible_to(viewer).filter(authorised__isnull=False))


def results_with_drafts(viewer: Any) -> QuerySet[Result]:
    """The viewer's results as they stand now, authorised or not. Whether the caller may see drafts is the door's to ask."""
    return _with_names(Result.objects.visible_to(viewer).filter(Q(current__isnull=False) | Q(authorised__isnull=False)))


def _with_names(rows: QuerySet[Result]) -> QuerySet[Result]:
    return rows.select_related(
        "sample",
        "analyte",
        "authorised__method_version__method",
        "authorised__reduction__run",
        "current__method_version__method",
        "current__reduction__run",
    )


def result_data(result: Result, viewer: Any, *, draft: bool = False) -> dict[str, Any]:
    """A result as it is reported: the text to the last digit, its bound, unit, basis, uncertainty and method version."""
    version = (result.current or result.authorised) if draft else result.authorised
    if version is None:
        raise ValueError(f"Result {result.pk} has no version to show.")
    method = version.method_version.method
    return {
        "id": str(result.pk),
        "sample": result.sample.code_for(viewer),
        "analyte": result.analyte.symbol,
        "text": version.text,
        "value": bare_value(version),
        "qualifier": "" if version.qualifier == "=" else version.qualifier,
        "unit": version.unit,
        "basis": version.basis,
        "uncertainty": version.uncertainty_text or None,
        "k": number_text(version.k) if version.uncertainty_text else None,
        "lod": number_text(version.lod),
        "loq": number_text(version.loq),
        "method": method.code,
        "method_version": version.method_version.number,
        "extraction": method.extraction,
        "run": version.reduction.run.code,
        "version": version.version,
        "state": "authorised" if version.pk == result.authorised_id else "draft",
        "authorised_at": result.authorised_at.isoformat() if result.authorised_at and version.pk == result.authorised_id else None,
    }


def bare_value(version: ResultVersion) -> str:
    """The reported number without its `<` or `>`."""
    return version.text.lstrip("<>")


def readings_behind(version: ResultVersion) -> list[Reading]:
    """The cells a result was made of, in the order they were averaged."""
    ids = version.inputs["readings"]
    found = {str(one.pk): one for one in Reading.objects.filter(pk__in=ids).select_related("row__upload")}
    return [found[one] for one in ids if one in found]
