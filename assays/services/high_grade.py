"""From what was weighed and titrated to contents: the reduction of a run of a classical method."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from assays.chemistry.high_grade import (
    Determined,
    Taken,
    Titration,
    Total,
    check_total,
    compute_gravimetric_treo,
    compute_loss_on_ignition,
    compute_titrimetric_treo,
)
from assays.chemistry.moisture import to_dry
from assays.chemistry.tray import TrayResult
from assays.models import Determination, HighGradeConditions, MethodAnalyte, RunPosition
from assays.models.high_grade import Technique

AMOUNTS: Mapping[str, tuple[str, ...]] = {
    Technique.GRAVIMETRY: ("solution_ml", "aliquot_ml", "crucible_g", "ignited_g", "blank_g"),
    Technique.TITRATION: ("solution_ml", "aliquot_ml", "titre_ml", "blank_ml", "titrant_mol_l", "mean_oxide_g_mol"),
}
IGNITION = ("loi_crucible_g", "loi_before_g", "loi_after_g", "other_percent")


@dataclass(frozen=True)
class Content:
    """TREO and loss on ignition of one portion in percent, dry, and their total with the other oxides."""

    treo: Determined
    loi: Determined
    total: Total


@dataclass
class DeterminedRun:
    """Results by (position number, symbol), why positions could not be computed, and the sentence of each total that is not near 100 %."""

    results: dict[tuple[int, str], TrayResult] = field(default_factory=dict)
    mismatches: dict[int, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    inputs: dict[int, dict[str, Any]] = field(default_factory=dict)


def current_determinations(positions: Iterable[UUID]) -> dict[UUID, Determination]:
    """The determination of each position that counts: the newest."""
    return {one.position_id: one for one in Determination.objects.filter(position__in=list(positions)).order_by("id")}


def compute_content(values: Mapping[str, str], mass_g: float, moisture_percent: float, stated: HighGradeConditions) -> Content:
    """The content of one portion of `mass_g` from what was weighed and titrated. Raises `ValueError` saying what is impossible."""
    number = {name: float(text) for name, text in values.items()}
    u = {name: float(text) for name, text in stated.uncertainties.items()}
    taken = Taken(
        mass_g=mass_g,
        solution_ml=number["solution_ml"],
        aliquot_ml=number["aliquot_ml"],
        u_balance_g=u["balance_g"],
        u_solution_percent=u["solution_percent"],
        u_aliquot_percent=u["aliquot_percent"],
        u_repeat_percent=u["repeat_percent"],
    )
    if stated.technique == Technique.GRAVIMETRY:
        treo = compute_gravimetric_treo(taken, number["crucible_g"], number["ignited_g"], number["blank_g"])
    else:
        titration = Titration(
            titre_ml=number["titre_ml"],
            blank_ml=number["blank_ml"],
            titrant_mol_l=number["titrant_mol_l"],
            mean_oxide_g_mol=number["mean_oxide_g_mol"],
            u_titre_ml=u["titre_ml"],
            u_titrant_percent=u["titrant_percent"],
            u_mean_percent=u["mean_percent"],
        )
        treo = compute_titrimetric_treo(taken, titration)
    loi = compute_loss_on_ignition(number["loi_crucible_g"], number["loi_before_g"], number["loi_after_g"], u["balance_g"])
    scale = to_dry(1.0, moisture_percent)
    dry = Determined(treo.value * scale, treo.u * scale, treo.shares_percent)
    limits = float(stated.total_least_percent), float(stated.total_most_percent)
    return Content(dry, loi, check_total(dry, loi, number["other_percent"], *limits))


def compute_determined(
    stated: HighGradeConditions, positions: Mapping[int, RunPosition], analytes: Mapping[str, MethodAnalyte]
) -> DeterminedRun:
    """Reduce every position something was determined at."""
    found = DeterminedRun()
    determined = current_determinations([one.pk for one in positions.values()])
    for number, position in positions.items():
        one = determined.get(position.pk)
        if one is None or position.aliquot is None:
            continue
        aliquot = position.aliquot
        try:
            content = compute_content(one.values, float(aliquot.mass_g), aliquot.preparation.portion_moisture_percent, stated)
        except ValueError as error:
            found.mismatches[number] = str(error)
            continue
        found.inputs[number] = _inputs(one, content, stated)
        for symbol, part in (("TREO", content.treo), ("LOI", content.loi)):
            if symbol in analytes:
                found.results[number, symbol] = _result(part, analytes[symbol])
        if not content.total.near:
            found.faults.append(_total_words(number, content, stated))
    return found


def _total_words(number: int, content: Content, stated: HighGradeConditions) -> str:
    return (
        f"Position {number}: TREO {content.treo.value:.2f} % and loss on ignition {content.loi.value:.2f} % with other oxides make "
        f"{content.total.value:.2f} %, outside {stated.total_least_percent} to {stated.total_most_percent} %. "
        "Look for what was not determined, or weigh again."
    )


def _result(part: Determined, analyte: MethodAnalyte) -> TrayResult:
    loq = float(analyte.loq)
    below = part.value < loq
    return TrayResult(
        value=loq if below else part.value,
        qualifier="<" if below else "",
        net=part.value,
        uncertainty=None if below else 2 * part.u,
        lod=float(analyte.lod),
        loq=loq,
        solution_ug_l=0.0,
        blank_ug_l=0.0,
        dilution=1.0,
        reading_ids=(),
    )


def _inputs(one: Determination, content: Content, stated: HighGradeConditions) -> dict[str, Any]:
    """All that is needed to compute the results again."""
    return {
        "determination": str(one.pk),
        "technique": stated.technique,
        "determined": one.values,
        "uncertainties": stated.uncertainties,
        "treo_percent": repr(content.treo.value),
        "loi_percent": repr(content.loi.value),
        "total_percent": repr(content.total.value),
        "total_u_percent": repr(content.total.u),
        "shares_percent": {name: round(share, 1) for name, share in content.treo.shares_percent.items()},
    }
