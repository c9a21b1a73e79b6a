"""A tray proposed for a method version: waiting aliquots by due day, with the controls its requirements ask for. Writes nothing."""

from __future__ import annotations

import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import cycle, islice
from typing import Any

from assays.models import Aliquot, BlindControl, ControlRequirement, MethodVersion, ReferenceMaterial, RunPosition, TrayLayout
from assays.models.runs import PositionKind
from assays.qc.evaluate import ControlRequirement as Requirement
from assays.qc.evaluate import count_required
from assays.qc.measurements import SAMPLE_CHECKS, ControlKind
from assays.selectors.blinding import knows_blind_controls
from assays.selectors.run_lots import RunLots, by_certificate
from assays.selectors.tray_materials import choose_materials, usable_materials
from assays.selectors.worklists import waiting_aliquots
from assays.tray_layout import Placement, insert_every, lay_out, number_names, pick_evenly, read_placement
from lims.core.errors import Blocker
from samples.selectors.kinship import find_field_duplicates

TRAY_POSITIONS = 60
"""Positions a tray fills where no layout is chosen: the smallest rack of the autosamplers in use (60 to 240)."""

_BLANKS = (ControlKind.REAGENT_BLANK, ControlKind.PULP_BLANK, ControlKind.COARSE_BLANK)
_BLANK_LABELS = {ControlKind.REAGENT_BLANK: "BLK", ControlKind.PULP_BLANK: "PBLK", ControlKind.COARSE_BLANK: "CBLK"}
_WEIGHED = (ControlKind.PULP_DUPLICATE, ControlKind.COARSE_DUPLICATE)
_DUPLICATE_NAMES = {
    ControlKind.PULP_DUPLICATE: "Duplicates of the same pulp",
    ControlKind.COARSE_DUPLICATE: "Duplicates of a second preparation",
}
# A check and a standard are measured as they are.
_UNDILUTED = Decimal(1)


@dataclass(frozen=True, kw_only=True)
class PlannedPosition:
    """A tube to be: its number (None: the next free one) and label (empty: the code of what stands there). Amounts (g, mL, factor) are of
    controls; an aliquot has its own, unless it is diluted further. `duplicate_of` is the number of the original's position; `control`,
    `nominal`, `retest_of` and `analytes` are as on a `RunPosition`."""

    kind: str
    number: int | None = None
    label: str = ""
    aliquot: Aliquot | None = None
    material: ReferenceMaterial | None = None
    duplicate_of: int | None = None
    control: str = ""
    nominal: Mapping[str, Any] = field(default_factory=dict)
    blind: BlindControl | None = None
    retest_of: RunPosition | None = None
    analytes: list[str] | None = None
    mass_g: Decimal | None = None
    volume_ml: Decimal | None = None
    dilution: Decimal | None = None


@dataclass(frozen=True)
class Reason:
    """Why so many controls of a kind stand on the tray."""

    kind: ControlKind
    count: int
    needed: int
    rule: str
    rate_percent: float
    source: str


@dataclass(frozen=True)
class ProposedTray:
    """The tray, how many waiting aliquots found no room, what a person should know (`notes`), why it cannot be planned (`blockers`), why
    its controls stand there (`reasons`), and the `seed` of its random order (None: by due day)."""

    positions: list[PlannedPosition]
    left_over: int
    notes: list[str]
    blockers: list[Blocker]
    reasons: list[Reason] = field(default_factory=list)
    seed: int | None = None


@dataclass(frozen=True)
class _Needs:
    """What the method asks for, ready to be counted and placed."""

    version: MethodVersion
    requirements: Sequence[Requirement]
    placements: Mapping[ControlKind, Placement]
    materials: Sequence[ReferenceMaterial]
    blinds: Sequence[BlindControl]

    def count(self, kind: ControlKind, samples: int) -> int:
        """How many controls of a kind a tray of so many samples holds."""
        return max((count_required(one, samples) for one in self.requirements if one.kind == kind), default=0)

    def placement(self, kind: ControlKind) -> Placement:
        return self.placements.get(kind, Placement())


def requirement_of(control: ControlRequirement) -> Requirement:
    """A stored requirement as the pure rules take it."""
    analytes = None if control.analytes is None else tuple(control.analytes)
    return Requirement(
        ControlKind(control.kind),
        control.rule,
        control.limits,
        control.minimum_count,
        float(control.rate_percent),
        analytes,
        control.condemns,
    )


def propose_tray(
    *,
    version: MethodVersion,
    viewer: Any,
    day: date,
    aliquots: Sequence[Aliquot] | None = None,
    layout: TrayLayout | None = None,
    seed: int | None = None,
    lots: RunLots | None = None,
) -> ProposedTray:
    """Fill a tray with `aliquots`, or with what waits in the viewer's laboratory, and insert the controls: what the method asks for, every
    duplicate that was weighed of what is chosen, and the blind controls that wait. Samples that are field duplicates of one another are
    paired; who measures does not see it (`selectors.blinding`). `day` decides which material has expired; `layout` which
    places there are; `seed` brings a random order back that was drawn before. What standards and checks hold is by the certificates of
    `lots`, where these name the element."""
    given = waiting_aliquots(viewer, version) if aliquots is None else aliquots
    chosen = [one for one in given if one.duplicate_of_id is None]
    duplicates = _duplicates_of(chosen)
    needs = _needs_of(version, viewer.organisation_id, day, chosen)
    places = layout.free if layout is not None else list(range(1, TRAY_POSITIONS + 1))
    taken = len(chosen) if aliquots is not None else _count_that_fit(chosen, duplicates, needs, len(places))
    samples = chosen[:taken]
    drawn = (seed if seed is not None else secrets.randbelow(2**31)) if version.randomised else None
    pairs = _field_pairs(samples)
    tray = _lay_out(needs, samples, duplicates, drawn)
    # Aliquots that were chosen all stand on the tray, also beyond the layout's places.
    last = max(places, default=0)
    numbers = places + [last + more for more in range(1, len(tray) - len(places) + 1)]
    blockers = _blockers(needs, samples, viewer.organisation_id, day)
    if layout is not None and len(tray) > len(places):
        sentence = f"{len(tray)} tubes do not fit into the {len(places)} free places of {layout}. Take aliquots out, or choose another."
        blockers.append(Blocker("tray_too_small", sentence))
    positions = _paired(_numbered(tray, numbers), pairs)
    if lots is not None:
        positions = by_certificate(positions, lots, version.analytes.values_list("analyte__symbol", flat=True))
    reasons = [
        one for one in _reasons(needs, positions, len(samples)) if one.kind != ControlKind.FIELD_DUPLICATE or knows_blind_controls(viewer)
    ]
    return ProposedTray(positions, len(chosen) - taken, _notes(needs, positions, len(samples)), blockers, reasons, drawn)


def _needs_of(version: MethodVersion, laboratory_id: Any, day: date, chosen: Sequence[Aliquot]) -> _Needs:
    controls = list(version.controls.all())
    placements = {ControlKind(one.kind): read_placement(one.placement) for one in reversed(controls) if one.placement}
    materials = choose_materials(
        version, laboratory_id, day, placements.get(ControlKind.REFERENCE_MATERIAL), {one.test.sample_id for one in chosen}
    )
    blinds = (
        BlindControl.objects.filter(laboratory=laboratory_id, method_version=version, withdrawn_at=None)
        .exclude(positions__run__in=RunPosition.objects.filter(blind__isnull=False).exclude(run__state="cancelled").values("run"))
        .select_related("material")
        .order_by("code")
    )
    return _Needs(version, [requirement_of(one) for one in controls], placements, materials, list(blinds) if chosen else [])


def _duplicates_of(originals: Sequence[Aliquot]) -> dict[Any, list[Aliquot]]:
    found: dict[Any, list[Aliquot]] = {}
    for one in Aliquot.objects.filter(duplicate_of__in=[original.pk for original in originals]).order_by("code"):
        found.setdefault(one.duplicate_of_id, []).append(one)
    return found


def _field_pairs(samples: Sequence[Aliquot]) -> dict[Any, Any]:
    """Aliquots of field duplicates → the aliquot of the sample each repeats, both among these."""
    by_sample = {one.test.sample_id: one.pk for one in samples}
    return {by_sample[again]: by_sample[first] for again, first in find_field_duplicates(list(by_sample)).items()}


def _paired(tray: Sequence[PlannedPosition], pairs: Mapping[Any, Any]) -> list[PlannedPosition]:
    """Each field duplicate with the number of the position it repeats; it stays a sample, with a result of its own."""
    numbers = {one.aliquot.pk: one.number for one in tray if one.kind == PositionKind.SAMPLE and one.aliquot is not None}
    return [
        replace(one, control=ControlKind.FIELD_DUPLICATE, duplicate_of=numbers[pairs[one.aliquot.pk]])
        if one.kind == PositionKind.SAMPLE and one.aliquot is not None and one.aliquot.pk in pairs
        else one
        for one in tray
    ]


def _count_that_fit(chosen: Sequence[Aliquot], duplicates: dict[Any, list[Aliquot]], needs: _Needs, places: int) -> int:
    """The most samples, first come first, that stand on so many places together with their controls."""
    low, high = 0, min(len(chosen), places)
    while low < high:
        middle = (low + high + 1) // 2
        fits = len(_lay_out(needs, chosen[:middle], duplicates, None)) <= places
        low, high = (middle, high) if fits else (low, middle - 1)
    return low


def _lay_out(
    needs: _Needs, samples: Sequence[Aliquot], duplicates: Mapping[Any, Sequence[Aliquot]], seed: int | None
) -> list[PlannedPosition]:
    if not samples:
        return []
    blanks, references = _blanks(needs, len(samples)), _references(needs, len(samples))
    body = [PlannedPosition(kind=PositionKind.SAMPLE, label=one.code, aliquot=one) for one in samples]
    body += [_blind(one, needs.version) for one in needs.blinds]
    if seed is not None:
        random.Random(seed).shuffle(body)  # noqa: S311 - an order, no secret
    elif needs.blinds:
        body.sort(key=lambda one: one.label if one.blind is not None else "")
        body = _spread(body[: len(samples)], body[len(samples) :])
    body += _repeats(needs, samples, duplicates)
    opening = [*_calibration(needs), *_initial_checks(needs, len(samples)), *blanks[:1], *references[:1]]
    tray = lay_out([], body, _alternate(blanks[1:], references[1:]))
    return [*_with_checks(needs, opening, tray, len(samples)), *_pure_solutions(needs)]


def _spread(samples: Sequence[PlannedPosition], blinds: Sequence[PlannedPosition]) -> list[PlannedPosition]:
    """Blind controls among the samples, never at an end where a control would be looked for."""
    laid = list(samples)
    for index, one in enumerate(blinds, start=1):
        laid.insert(max(1, round(index * len(samples) / (len(blinds) + 1))) + index - 1, one)
    return laid


def _blanks(needs: _Needs, samples: int) -> list[PlannedPosition]:
    """Blanks of every sort, in turn."""
    sorts = [
        [
            _control(PositionKind.BLANK, f"{_BLANK_LABELS[kind]}-{number}", needs.version, control=kind)
            for number in range(1, needs.count(kind, samples) + 1)
        ]
        for kind in _BLANKS
    ]
    return [one for place in range(max(map(len, sorts))) for sort in sorts for one in sort[place : place + 1]]


def _references(needs: _Needs, samples: int) -> list[PlannedPosition]:
    asked = needs.count(ControlKind.REFERENCE_MATERIAL, samples)
    if not asked or not needs.materials:
        return []
    count = max(asked, len(needs.materials))
    in_turn = list(islice(cycle(needs.materials), count))
    labels = number_names([material.code for material in in_turn])
    return [
        _control(PositionKind.REFERENCE, label, needs.version, material=material, control=ControlKind.REFERENCE_MATERIAL)
        for material, label in zip(in_turn, labels, strict=True)
    ]


def _calibration(needs: _Needs) -> list[PlannedPosition]:
    """The standards whose amounts the method gives, lowest first."""
    if not any(one.kind == ControlKind.CALIBRATION for one in needs.requirements):
        return []
    levels = sorted(needs.placement(ControlKind.CALIBRATION).levels)
    return [_solution(PositionKind.CALIBRATION, ControlKind.CALIBRATION, f"CAL {level:g} ug/L", {"*": level}) for level in levels]


def _pure_solutions(needs: _Needs) -> list[PlannedPosition]:
    """One tube for each single-element solution the method names, after everything else: none of it is carried into a sample."""
    kind = ControlKind.INTERFERENCE_SOLUTION
    if not any(one.kind == kind for one in needs.requirements):
        return []
    solutions = needs.placement(kind).solutions
    return [_solution(PositionKind.DRIFT, kind, f"{symbol} {level} ug/L", {symbol: level}) for symbol, level in solutions.items()]


def _initial_checks(needs: _Needs, samples: int) -> list[PlannedPosition]:
    kind = ControlKind.INITIAL_CALIBRATION_VERIFICATION
    nominal = needs.placement(kind).nominal
    return [_solution(PositionKind.DRIFT, kind, f"ICV-{number}", nominal) for number in range(1, needs.count(kind, samples) + 1)]


def _with_checks(needs: _Needs, opening: Sequence[PlannedPosition], tray: Sequence[PlannedPosition], samples: int) -> list[PlannedPosition]:
    """Continuing checks after every so many tubes and at the end, or as many as are asked for, spread evenly."""
    kind = ControlKind.CONTINUING_CALIBRATION_VERIFICATION
    count, placement = needs.count(kind, samples), needs.placement(kind)
    if not count:
        return [*opening, *tray]

    def make(number: int) -> PlannedPosition:
        return _solution(PositionKind.DRIFT, kind, f"CCV-{number}", placement.nominal)

    if placement.every is not None:
        checked = insert_every(tray, placement.every, make)
        made = sum(one.control == kind for one in checked)
        return [*opening, *checked, *(make(number) for number in range(made + 1, count + 1))]
    return lay_out(opening, tray, [make(number) for number in range(1, count + 1)])


def _repeats(needs: _Needs, samples: Sequence[Aliquot], duplicates: Mapping[Any, Sequence[Aliquot]]) -> list[PlannedPosition]:
    """Duplicates that were weighed, then instrument duplicates and spikes of samples picked evenly. Their originals are found by aliquot
    when the tubes are numbered."""
    usual = next((one for one in _WEIGHED if any(one == asked.kind for asked in needs.requirements)), ControlKind.PULP_DUPLICATE)
    found = [
        PlannedPosition(kind=PositionKind.DUPLICATE, label=one.code, aliquot=one, control=_stage_of(one, original, usual))
        for original in samples
        for one in duplicates.get(original.pk, [])
    ]
    again = pick_evenly(samples, needs.count(ControlKind.INSTRUMENT_DUPLICATE, len(samples)))
    found += [
        PlannedPosition(kind=PositionKind.DUPLICATE, label=f"{one.code}-I", aliquot=one, control=ControlKind.INSTRUMENT_DUPLICATE)
        for one in again
    ]
    added = needs.placement(ControlKind.MATRIX_SPIKE).added_ug
    spiked = pick_evenly(samples, needs.count(ControlKind.MATRIX_SPIKE, len(samples))) if added else []
    return found + [
        PlannedPosition(
            kind=PositionKind.SPIKE, label=f"{one.code}-S", aliquot=one, control=ControlKind.MATRIX_SPIKE, nominal=added,
            mass_g=one.mass_g, volume_ml=one.volume_ml, dilution=one.dilution,
        )
        for one in spiked
    ]  # fmt: skip


def _stage_of(duplicate: Aliquot, original: Aliquot, usual: ControlKind) -> ControlKind:
    """A portion of another preparation of the same sample repeats the splitting too: a coarse duplicate."""
    return usual if duplicate.preparation_id == original.preparation_id else ControlKind.COARSE_DUPLICATE


def _alternate(blanks: Sequence[PlannedPosition], references: Sequence[PlannedPosition]) -> list[PlannedPosition]:
    """Blanks and reference materials in turn, a reference material last."""
    mixed: list[PlannedPosition] = []
    for index in range(max(len(blanks), len(references))):
        mixed += [*blanks[index : index + 1], *references[index : index + 1]]
    return mixed


def _control(
    kind: str, label: str, version: MethodVersion, *, control: ControlKind, material: ReferenceMaterial | None = None
) -> PlannedPosition:
    return PlannedPosition(
        kind=kind,
        label=label,
        control=control,
        material=material,
        mass_g=version.test_portion_g,
        volume_ml=version.volume_ml,
        dilution=version.dilution,
    )


def _solution(kind: str, control: ControlKind, label: str, nominal: Mapping[str, Any]) -> PlannedPosition:
    return PlannedPosition(kind=kind, label=label, control=control, nominal=nominal, dilution=_UNDILUTED)


def _blind(one: BlindControl, version: MethodVersion) -> PlannedPosition:
    return PlannedPosition(
        kind=PositionKind.REFERENCE, label=one.code, control=ControlKind.BLIND_CONTROL, material=one.material, blind=one,
        mass_g=one.mass_g, volume_ml=version.volume_ml, dilution=version.dilution,
    )  # fmt: skip


def _numbered(tray: Sequence[PlannedPosition], numbers: Sequence[int]) -> list[PlannedPosition]:
    """Each tube with its number and that of its original; a spike stands by its native position alone."""
    placed = list(zip(tray, numbers, strict=False))
    samples: dict[Any, int] = {one.aliquot.pk: number for one, number in placed if one.aliquot is not None and one.kind == "sample"}
    found = []
    for one, number in placed:
        original = None
        if one.aliquot is not None and one.kind in {PositionKind.DUPLICATE, PositionKind.SPIKE}:
            original = samples.get(one.aliquot.duplicate_of_id) or samples.get(one.aliquot.pk)
        aliquot = None if one.kind == PositionKind.SPIKE else one.aliquot
        found.append(replace(one, number=number, duplicate_of=original, aliquot=aliquot))
    return found


def _reasons(needs: _Needs, tray: Sequence[PlannedPosition], samples: int) -> list[Reason]:
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


def _notes(needs: _Needs, tray: Sequence[PlannedPosition], samples: int) -> list[str]:
    if not samples:
        return []
    notes = []
    asked = {kind: needed for kind in _WEIGHED if (needed := needs.count(kind, samples))}
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


def _blockers(needs: _Needs, samples: Sequence[Aliquot], laboratory_id: Any, day: date) -> list[Blocker]:
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
