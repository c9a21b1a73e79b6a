"""What is said about a proposed tray: why its controls stand there, what a person should know, why it cannot be planned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from assays.models import Aliquot
from assays.qc.evaluate import count_required
from assays.qc.measurements import SAMPLE_CHECKS, ControlKind
from assays.selectors.tray_materials import usable_materials
from assays.selectors.tray_plan import WEIGHED, Needs, PlannedPosition, Reason
from lims.core.errors import Blocker

_DUPLICATE_NAMES = {
    ControlKind.PULP_DUPLICATE: "Duplicates of the same pulp",
    ControlKind.COARSE_DUPLICATE: "Duplicates of a second preparation",
}


def explain_controls(needs: Needs, tray: Sequence[PlannedPosition], samples: int) -> list[Reason]:
    """One for every sort of control the method asks for a tube of."""
    sources = {ControlKind(one.kind): one.source for one in needs.version.controls.all()}
    found: dict[ControlKind, Reason] = {}
    for one in needs.requirements:
        if samples and one.kind not in SAMPLE_CHECKS and one.kind != ControlKind.INTERNAL_STANDARD:
            count, needed = sum(tube.control == one.kind for tube in tray), count_required(one, samples)
            before = found.get(one.kind)
            if before is None or needed > before.needed:
                found[one.kind] = Reason(one.kind, count, needed, one.rule, one.rate_percent, sources[one.kind])
    return list(found.values())


def note_gaps(needs: Needs, tray: Sequence[PlannedPosition], samples: int) -> list[str]:
    """Controls that the method asks for and that cannot stand on this tray yet, each with the remedy."""
    if not samples:
        return []
    notes = []
    asked = {kind: needed for kind in WEIGHED if (needed := needs.count(kind, samples))}
    for kind, needed in asked.items():
        repeats = sum(one.control == kind for one in tray)
        if repeats < needed:
            name = "Duplicates" if len(asked) == 1 else _DUPLICATE_NAMES[kind]
            notes.append(
                f"{name} asked for: {needed}; weighed: {repeats}. Without them quality control will block the run. Weigh a duplicate first."
            )
    if sum(one.control == ControlKind.FIELD_DUPLICATE for one in tray) < needs.count(ControlKind.FIELD_DUPLICATE, samples):
        notes.append(
            "The method asks for more field duplicates than stand here. Take more samples of the same consignments in, or the run is"
            " blocked."
        )
    if needs.count(ControlKind.MATRIX_SPIKE, samples) and not needs.placement(ControlKind.MATRIX_SPIKE).added_ug:
        notes.append(
            "The method asks for a spike but does not say what is added. Plan its position with the amounts, or the run is blocked."
        )
    return notes


def find_blockers(needs: Needs, samples: Sequence[Aliquot], laboratory_id: Any, day: date) -> list[Blocker]:
    """Nothing waits, or no usable reference material has a value for an analyte that must be reported."""
    version, materials = needs.version, needs.materials
    if not samples:
        return [Blocker("nothing_waits", f"No aliquot waits for {version.method.code}. Weigh test portions first.")]
    if not any(one.kind == ControlKind.REFERENCE_MATERIAL for one in needs.requirements):
        return []
    covered = {symbol for material, symbols in usable_materials(version, laboratory_id, day) if material in materials for symbol in symbols}
    missing = [
        one.analyte.symbol for one in version.analytes.select_related("analyte") if one.required and one.analyte.symbol not in covered
    ]
    if not missing:
        return []
    return [
        Blocker(
            "no_reference_material",
            f"No usable reference material has a value with standard deviation by {version.method.method_group} for {', '.join(missing)}."
            " Establish an in-house material from at least ten runs, or load a certified one.",
        )
    ]
