"""What leach and dilution series of the aliquots make of the portions a run is reduced with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from uuid import UUID

from assays.chemistry.tray import Portion
from assays.models import DilutionSeries, Leach, RunPosition
from assays.selectors.leaches import current_dilutions, current_leaches, leach_inputs, leachate_ml


@dataclass(frozen=True)
class Solutions:
    """The records that count, by aliquot."""

    leaches: dict[UUID, Leach] = field(default_factory=dict)
    dilutions: dict[UUID, DilutionSeries] = field(default_factory=dict)


def read_solutions(positions: Iterable[RunPosition]) -> Solutions:
    """Leaches and dilution series of what stands at the positions, in two queries."""
    aliquots = {one.aliquot_id for one in positions if one.aliquot_id is not None}
    return Solutions(current_leaches(aliquots), current_dilutions(aliquots))


def apply_solution(portion: Portion, position: RunPosition, solutions: Solutions) -> Portion:
    """The portion with the volume its leach left and the uncertainty of its own dilution. A dilution that stands at the tube itself (of a
    re-run) replaces the series."""
    aliquot = position.aliquot
    if aliquot is None:
        return portion
    leach, series = solutions.leaches.get(aliquot.pk), solutions.dilutions.get(aliquot.pk)
    if leach is not None:
        portion = replace(portion, volume_ml=leachate_ml(aliquot, leach))
    if series is not None and position.dilution is None:
        portion = replace(portion, dilution_u_percent=float(series.relative_u_percent))
    return portion


def solution_inputs(position: RunPosition, solutions: Solutions) -> dict[str, str]:
    """What a result keeps of both, so that it can be computed again."""
    aliquot = position.aliquot
    if aliquot is None:
        return {}
    found: dict[str, str] = {}
    leach, series = solutions.leaches.get(aliquot.pk), solutions.dilutions.get(aliquot.pk)
    if leach is not None:
        found |= leach_inputs(leach) | {"volume_ml": repr(leachate_ml(aliquot, leach))}
    if series is not None and position.dilution is None:
        found |= {"dilution_series": str(series.pk), "dilution_u_percent": str(series.relative_u_percent)}
    return found
