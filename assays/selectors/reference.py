"""Reading methods and reference materials."""

from __future__ import annotations

import statistics
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from assays.chemistry.rounding import round_significant
from assays.models import Analyte, CertifiedValue, ControlRequirement, MethodAnalyte, MethodVersion, ReferenceMaterial
from assays.qc.measurements import SAMPLE_CHECKS, ControlKind
from assays.qc.reference_materials import MINIMUM_RUNS
from assays.selectors.runs import number_text
from lims.core.errors import Blocker
from lims.core.roles import LABORATORY_ROLES


def version_list() -> QuerySet[MethodVersion]:
    """Every method version with its analytes and controls."""
    return MethodVersion.objects.select_related("method").prefetch_related("analytes__analyte", "controls")


def versions_in_force(day: date) -> list[MethodVersion]:
    """The newest version in force of each method on that day, by method code."""
    in_force = Q(in_force_from__lte=day) & (Q(retired_on=None) | Q(retired_on__gt=day))
    newest: dict[object, MethodVersion] = {}
    for version in MethodVersion.objects.filter(in_force).select_related("method").order_by("method__code", "-number"):
        newest.setdefault(version.method_id, version)
    return list(newest.values())


def material_list(viewer: Any) -> QuerySet[ReferenceMaterial]:
    """Certified materials for everybody; in-house ones for their laboratory, officials and administrators. With their values."""
    values = CertifiedValue.objects.select_related("analyte").order_by("method_group", "analyte__order")
    rows = ReferenceMaterial.objects.select_related("laboratory").prefetch_related(Prefetch("values", queryset=values))
    if viewer.role in LABORATORY_ROLES:
        return rows.filter(Q(laboratory=None) | Q(laboratory=viewer.organisation_id))
    return rows


def analytes_of_group(method_group: str) -> list[Analyte]:
    """What the methods of a group measure, in the order of a report."""
    measured = MethodAnalyte.objects.filter(method_version__method__method_group=method_group)
    return list(Analyte.objects.filter(pk__in=measured.values("analyte")))


@dataclass(frozen=True)
class RecordedRuns:
    """The runs of an in-house material by one method group: one column a day, one line an analyte, and what keeps a value from being
    established."""

    method_group: str
    words: Any
    days: list[date]
    lines: list[RunLine]
    blockers: list[Blocker]


@dataclass(frozen=True)
class RunLine:
    """The contents of one analyte by day (None where it was not measured), how many, their mean and standard deviation."""

    symbol: str
    contents: list[str | None]
    n: int
    mean: str
    sd: str


def recorded_runs(material: ReferenceMaterial) -> list[RecordedRuns]:
    """The recorded runs of an in-house material, by method group."""
    rows = material.measurements.select_related("analyte").order_by("method_group", "measured_on")
    by_group: dict[str, dict[Analyte, dict[date, Decimal]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        by_group[row.method_group][row.analyte][row.measured_on] = row.value
    return [_recorded(group, analytes) for group, analytes in by_group.items()]


def _recorded(group: str, analytes: dict[Analyte, dict[date, Decimal]]) -> RecordedRuns:
    days = sorted({day for contents in analytes.values() for day in contents})
    ordered = sorted(analytes.items(), key=lambda one: one[0].order)
    lines = [_line(analyte.symbol, days, contents) for analyte, contents in ordered]
    short = [f"{line.symbol} ({line.n})" for line in lines if line.n < MINIMUM_RUNS]
    sentence = f"A value needs at least {MINIMUM_RUNS} recorded runs; fewer are there for {', '.join(short)}."
    return RecordedRuns(group, group_words(group), days, lines, [Blocker("too_few_runs", sentence)] if short else [])


def _line(symbol: str, days: list[date], contents: dict[date, Decimal]) -> RunLine:
    values = [float(value) for value in contents.values()]
    sd = round_significant(statistics.stdev(values), 3) if len(values) > 1 and len(set(values)) > 1 else ""
    shown = [number_text(contents.get(day)) for day in days]
    return RunLine(symbol, shown, len(values), round_significant(statistics.fmean(values), 4), sd)


def value_words(value: CertifiedValue) -> dict[str, Any]:
    """A value as a page shows it: numbers as text, what the interval is in words. Certified numbers stand as certified; an in-house mean
    is shown to four significant digits, its standard deviation to three."""
    own = value.value_type == "in_house"
    interval = [number_text(value.interval_low), number_text(value.interval_high)]
    return {
        "symbol": value.analyte.symbol,
        "value": round_significant(float(value.value), 4) if own else number_text(value.value),
        "unit": value.unit,
        "sd": round_significant(float(value.sd), 3) if own and value.sd else number_text(value.sd) or "",
        "interval": " – ".join(text for text in interval if text),
        "expanded": number_text(value.expanded_uncertainty) or "",
        "interval_type": _INTERVALS.get(value.interval_type, value.interval_type),
        "value_type": _VALUE_TYPES.get(value.value_type, value.value_type),
        "is_control": value.sd is not None,
        "n": value.n,
        "stated": value.stated,
        "confidence": value.confidence,
        "source": value.source,
    }


def unit_words(unit: str) -> str:
    """A unit as a page writes it: `µg/L` for the `ug/L` of data and files."""
    return f"µ{unit[1:]}" if unit.startswith("u") else unit


def group_words(method_group: str) -> Any:
    """A method group as a page says it."""
    return _GROUPS.get(method_group, method_group.replace("_", " "))


_GROUPS: dict[str, Any] = {
    "borate_or_peroxide_fusion_icp": _("borate or peroxide fusion, ICP"),
    "peroxide_fusion_icp": _("peroxide fusion, ICP"),
    "borate_fusion_xrf": _("borate fusion, X-ray fluorescence"),
    "4_acid": _("four acids"),
    "total": _("total"),
    "ammonium_sulphate_leach": _("ammonium-sulphate leach"),
}
_INTERVALS: dict[str, Any] = {
    "95pc_confidence_limits": _("95 % confidence limits of the mean, without heterogeneity and stability"),
    "expanded_uncertainty_k2": _("expanded uncertainty, k = 2"),
    "one_standard_deviation": _("one standard deviation"),
}
_VALUE_TYPES: dict[str, Any] = {
    "certified": _("certified"),
    "certified_rounded": _("certified, rounded by the catalogue"),
    "reference": _("reference"),
    "recommended": _("recommended"),
    "information": _("information"),
    "in_house": _("in-house"),
}
_CONTROLS: dict[str, Any] = {
    ControlKind.REAGENT_BLANK: _("Reagent blank"),
    ControlKind.PULP_BLANK: _("Pulp blank"),
    ControlKind.COARSE_BLANK: _("Coarse blank"),
    ControlKind.REFERENCE_MATERIAL: _("Reference material"),
    ControlKind.INSTRUMENT_DUPLICATE: _("Instrument duplicate"),
    ControlKind.PULP_DUPLICATE: _("Pulp duplicate"),
    ControlKind.COARSE_DUPLICATE: _("Coarse duplicate"),
    ControlKind.FIELD_DUPLICATE: _("Field duplicate"),
    ControlKind.MATRIX_SPIKE: _("Matrix spike"),
    ControlKind.CALIBRATION: _("Calibration"),
    ControlKind.INITIAL_CALIBRATION_VERIFICATION: _("Initial calibration check"),
    ControlKind.CONTINUING_CALIBRATION_VERIFICATION: _("Continuing calibration check"),
    ControlKind.INTERNAL_STANDARD: _("Internal standard"),
    ControlKind.INTERFERENCE_SOLUTION: _("Single-element solution"),
    ControlKind.SUM_OF_OXIDES: _("Sum of oxides"),
    ControlKind.REE_PATTERN: _("Rare-earth pattern"),
    ControlKind.METHOD_COMPARISON: _("Comparison with another technique"),
}
_RULES: dict[str, Any] = {
    "blank_lod": _("at most {multiple} LOD"),
    "blank_loq": _("at most {multiple} LOQ"),
    "reference_material_z": _("|z| above {warn_z} warns, above {fail_z} fails; two in succession above {consecutive_z} on one side fail"),
    "reference_material_westgard": _("Westgard's rules"),
    "reference_material_bias": _("mean bias above {warn_percent} percent warns, above {fail_percent} percent fails"),
    "duplicate_hard": _("half absolute relative difference at most {hard_percent} percent, or a difference of {loq_multiple} LOQ"),
    "duplicate_cv_avg": _("average coefficient of variation at most {cv_avg_percent} percent over at least {minimum_pairs} pairs"),
    "spike_recovery": _("recovery from {low_percent} to {high_percent} percent"),
    "recovery_window": _("recovery from {low_percent} to {high_percent} percent"),
    "calibration_back_calculation": _("back-calculated: the lowest within {lowest_percent} percent, the others {other_percent} percent"),
    "sum_of_oxides": _("from {low_percent} to {high_percent} percent"),
    "ree_pattern_smoothness": _("off its neighbours' line by more than {warn_percent} percent warns, {fail_percent} percent fails"),
    "method_comparison": _("a difference above {warn_percent} percent of their mean warns, above {fail_percent} percent fails"),
    "oxide_formation": _("oxides above {warn_percent} percent of the metal warn, above {fail_percent} percent fail"),
}


def control_words(control: ControlRequirement) -> dict[str, Any]:
    """A required control in words: what, how many, judged how, and where that comes from."""
    limits = {name: f"{number:g}" for name, number in control.limits.items()}
    rule = _RULES.get(control.rule)
    return {
        "kind": _CONTROLS.get(control.kind, control.kind),
        "minimum": control.minimum_count,
        "rate": number_text(control.rate_percent),
        "is_check": control.kind in SAMPLE_CHECKS,
        "rule": str(rule).format(**limits) if rule else control.rule,
        "rule_name": control.rule,
        "analytes": ", ".join(control.analytes) if control.analytes else "",
        "source": control.source,
    }
