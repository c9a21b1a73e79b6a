"""A tray proposed for a method version: waiting aliquots by due day, with the controls its requirements ask for. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import cycle, islice
from typing import Any

from django.db.models import Prefetch, Q

from assays.models import Aliquot, CertifiedValue, ControlRequirement, MethodVersion, ReferenceMaterial
from assays.models.reference import MaterialKind
from assays.models.runs import PositionKind
from assays.qc.evaluate import ControlRequirement as Requirement
from assays.qc.evaluate import count_required
from assays.qc.measurements import ControlKind
from assays.selectors.worklists import waiting_aliquots
from assays.tray_layout import lay_out, number_names
from lims.core.errors import Blocker

TRAY_POSITIONS = 60
"""Positions a proposed tray fills: the smallest rack of the autosamplers in use (60 to 240)."""

_BLANKS = {ControlKind.REAGENT_BLANK, ControlKind.PULP_BLANK, ControlKind.COARSE_BLANK}
_DUPLICATES = {ControlKind.PULP_DUPLICATE, ControlKind.COARSE_DUPLICATE, ControlKind.INSTRUMENT_DUPLICATE, ControlKind.FIELD_DUPLICATE}


@dataclass(frozen=True, kw_only=True)
class PlannedPosition:
    """A tube to be: its number (None: the next free one) and label (empty: the code of what stands there). Amounts (g, mL, factor) are of
    controls; an aliquot has its own. `duplicate_of` is the number of the original's position."""

    kind: str
    number: int | None = None
    label: str = ""
    aliquot: Aliquot | None = None
    material: ReferenceMaterial | None = None
    duplicate_of: int | None = None
    mass_g: Decimal | None = None
    volume_ml: Decimal | None = None
    dilution: Decimal | None = None


@dataclass(frozen=True)
class ProposedTray:
    """The tray, how many waiting aliquots found no room, what a person should know (`notes`), and why it cannot be planned (`blockers`)."""

    positions: list[PlannedPosition]
    left_over: int
    notes: list[str]
    blockers: list[Blocker]


def requirement_of(control: ControlRequirement) -> Requirement:
    """A stored requirement as the pure rules take it."""
    analytes = None if control.analytes is None else tuple(control.analytes)
    return Requirement(
        ControlKind(control.kind), control.rule, control.limits, control.minimum_count, float(control.rate_percent), analytes
    )


def propose_tray(*, version: MethodVersion, viewer: Any, day: date, aliquots: Sequence[Aliquot] | None = None) -> ProposedTray:
    """Fill a tray with `aliquots`, or with what waits in the viewer's laboratory, and insert the controls: what the method asks for, and
    every duplicate that was weighed of what is chosen. `day` decides which material has expired."""
    given = waiting_aliquots(viewer, version) if aliquots is None else aliquots
    chosen = [one for one in given if one.duplicate_of_id is None]
    duplicates = _duplicates_of(chosen)
    requirements = [requirement_of(control) for control in version.controls.all()]
    materials = choose_materials(version, viewer.organisation_id, day)
    taken = len(chosen) if aliquots is not None else _count_that_fit(chosen, duplicates, requirements, len(materials))
    samples = chosen[:taken]
    repeats = [one for original in samples for one in duplicates.get(original.pk, [])]
    positions = _lay_out(version, samples, repeats, requirements, materials)
    return ProposedTray(
        positions,
        len(chosen) - taken,
        _notes(requirements, len(samples), len(repeats)),
        _blockers(version, samples, requirements, materials, viewer.organisation_id, day),
    )


def choose_materials(version: MethodVersion, laboratory_id: Any, day: date) -> list[ReferenceMaterial]:
    """The fewest usable materials (greedily) whose values for the method's group cover every required analyte; empty when none has any."""
    wanted = _required(version)
    candidates = [(material, wanted & symbols) for material, symbols in usable_materials(version, laboratory_id, day)]
    chosen: list[ReferenceMaterial] = []
    missing = set(wanted)
    while missing:
        material, symbols = max(candidates, key=lambda one: len(one[1] & missing), default=(None, set()))
        if material is None or not symbols & missing:
            break
        chosen.append(material)
        missing -= symbols
    return chosen


def usable_materials(version: MethodVersion, laboratory_id: Any, day: date) -> list[tuple[ReferenceMaterial, set[str]]]:
    """Active, unexpired materials (certified, or the laboratory's own) with the analytes they have a value and a standard deviation for, by
    the method's group; in the order of their codes."""
    values = CertifiedValue.objects.filter(method_group=version.method.method_group, sd__gt=0).select_related("analyte")
    materials = (
        ReferenceMaterial.objects.filter(Q(kind=MaterialKind.CERTIFIED) | Q(laboratory=laboratory_id), active=True)
        .filter(Q(expires_on=None) | Q(expires_on__gte=day), pk__in=values.values("material"))
        .prefetch_related(Prefetch("values", queryset=values))
        .order_by("code")
    )
    return [(material, {value.analyte.symbol for value in material.values.all()}) for material in materials]


def _required(version: MethodVersion) -> set[str]:
    return {one.analyte.symbol for one in version.analytes.select_related("analyte") if one.required}


def _duplicates_of(originals: Sequence[Aliquot]) -> dict[Any, list[Aliquot]]:
    found: dict[Any, list[Aliquot]] = {}
    for one in Aliquot.objects.filter(duplicate_of__in=[original.pk for original in originals]).order_by("code"):
        found.setdefault(one.duplicate_of_id, []).append(one)
    return found


def _control_counts(requirements: Sequence[Requirement], samples: int, materials: int) -> tuple[int, int]:
    """How many blanks and reference materials a tray of so many samples holds."""
    blanks = max((count_required(one, samples) for one in requirements if one.kind in _BLANKS), default=0)
    references = max((count_required(one, samples) for one in requirements if one.kind == ControlKind.REFERENCE_MATERIAL), default=0)
    return blanks, max(references, materials) if references and materials else 0


def _count_that_fit(
    chosen: Sequence[Aliquot], duplicates: dict[Any, list[Aliquot]], requirements: Sequence[Requirement], materials: int
) -> int:
    for count in range(min(len(chosen), TRAY_POSITIONS), 0, -1):
        repeats = sum(len(duplicates.get(one.pk, [])) for one in chosen[:count])
        if count + repeats + sum(_control_counts(requirements, count, materials)) <= TRAY_POSITIONS:
            return count
    return 0


def _lay_out(
    version: MethodVersion,
    samples: Sequence[Aliquot],
    repeats: Sequence[Aliquot],
    requirements: Sequence[Requirement],
    materials: Sequence[ReferenceMaterial],
) -> list[PlannedPosition]:
    if not samples:
        return []
    blank_count, reference_count = _control_counts(requirements, len(samples), len(materials))
    blanks = [_control(PositionKind.BLANK, f"BLK-{number}", version) for number in range(1, blank_count + 1)]
    in_turn = list(islice(cycle(materials), reference_count)) if materials else []
    labels = number_names([material.code for material in in_turn])
    references = [_control(PositionKind.REFERENCE, label, version, material) for material, label in zip(in_turn, labels, strict=True)]
    body = [PlannedPosition(kind=PositionKind.SAMPLE, label=one.code, aliquot=one) for one in samples]
    body += [PlannedPosition(kind=PositionKind.DUPLICATE, label=one.code, aliquot=one) for one in repeats]
    tray = lay_out(blanks[:1] + references[:1], body, _alternate(blanks[1:], references[1:]))
    return _numbered(tray)


def _alternate(blanks: Sequence[PlannedPosition], references: Sequence[PlannedPosition]) -> list[PlannedPosition]:
    """Blanks and reference materials in turn, a reference material last."""
    mixed: list[PlannedPosition] = []
    for index in range(max(len(blanks), len(references))):
        mixed += [*blanks[index : index + 1], *references[index : index + 1]]
    return mixed


def _control(kind: str, label: str, version: MethodVersion, material: ReferenceMaterial | None = None) -> PlannedPosition:
    return PlannedPosition(
        kind=kind,
        label=label,
        material=material,
        mass_g=version.test_portion_g,
        volume_ml=version.volume_ml,
        dilution=version.dilution,
    )


def _numbered(tray: Sequence[PlannedPosition]) -> list[PlannedPosition]:
    numbers: dict[Any, int] = {one.aliquot.pk: number for number, one in enumerate(tray, start=1) if one.aliquot is not None}
    return [
        replace(one, number=number, duplicate_of=numbers.get(one.aliquot.duplicate_of_id) if one.aliquot is not None else None)
        for number, one in enumerate(tray, start=1)
    ]


def _notes(requirements: Sequence[Requirement], samples: int, repeats: int) -> list[str]:
    needed = max((count_required(one, samples) for one in requirements if one.kind in _DUPLICATES), default=0)
    if not samples or repeats >= needed:
        return []
    return [
        f"Duplicates asked for: {needed}; weighed: {repeats}. Without them quality control will block the run. Weigh a duplicate first."
    ]


def _blockers(
    version: MethodVersion,
    samples: Sequence[Aliquot],
    requirements: Sequence[Requirement],
    materials: Sequence[ReferenceMaterial],
    laboratory_id: Any,
    day: date,
) -> list[Blocker]:
    if not samples:
        return [Blocker("nothing_waits", f"No aliquot waits for {version.method.code}. Weigh test portions first.")]
    if not any(one.kind == ControlKind.REFERENCE_MATERIAL for one in requirements):
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
