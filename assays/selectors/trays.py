"""A tray proposed for a method version: waiting aliquots by due day, with the controls its requirements ask for. Writes nothing."""

from __future__ import annotations

import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from assays.models import Aliquot, BlindControl, MethodVersion, RunPosition, TrayLayout
from assays.models.runs import PositionKind
from assays.qc.measurements import ControlKind
from assays.selectors.blinding import knows_blind_controls
from assays.selectors.run_lots import RunLots, by_certificate
from assays.selectors.tray_materials import choose_materials
from assays.selectors.tray_plan import Needs, PlannedPosition, ProposedTray, requirement_of
from assays.selectors.tray_reasons import explain_controls, find_blockers, note_gaps
from assays.selectors.tray_tubes import (
    alternate,
    make_blanks,
    make_blind,
    make_calibration,
    make_initial_checks,
    make_pure_solutions,
    make_references,
    make_repeats,
    with_checks,
)
from assays.selectors.worklists import waiting_aliquots
from assays.tray_layout import lay_out, read_placement
from lims.core.errors import Blocker
from samples.selectors.kinship import find_field_duplicates

TRAY_POSITIONS = 60
"""Positions a tray fills where no layout is chosen: the smallest rack of the autosamplers in use (60 to 240)."""


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
    blockers = find_blockers(needs, samples, viewer.organisation_id, day)
    if layout is not None and len(tray) > len(places):
        sentence = f"{len(tray)} tubes do not fit into the {len(places)} free places of {layout}. Take aliquots out, or choose another."
        blockers.append(Blocker("tray_too_small", sentence))
    positions = _paired(_numbered(tray, numbers), pairs)
    if lots is not None:
        positions = by_certificate(positions, lots, version.analytes.values_list("analyte__symbol", flat=True))
    reasons = [
        one
        for one in explain_controls(needs, positions, len(samples))
        if one.kind != ControlKind.FIELD_DUPLICATE or knows_blind_controls(viewer)
    ]
    return ProposedTray(positions, len(chosen) - taken, note_gaps(needs, positions, len(samples)), blockers, reasons, drawn)


def _needs_of(version: MethodVersion, laboratory_id: Any, day: date, chosen: Sequence[Aliquot]) -> Needs:
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
    return Needs(version, [requirement_of(one) for one in controls], placements, materials, list(blinds) if chosen else [])


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


def _count_that_fit(chosen: Sequence[Aliquot], duplicates: dict[Any, list[Aliquot]], needs: Needs, places: int) -> int:
    """The most samples, first come first, that stand on so many places together with their controls."""
    low, high = 0, min(len(chosen), places)
    while low < high:
        middle = (low + high + 1) // 2
        fits = len(_lay_out(needs, chosen[:middle], duplicates, None)) <= places
        low, high = (middle, high) if fits else (low, middle - 1)
    return low


def _lay_out(
    needs: Needs, samples: Sequence[Aliquot], duplicates: Mapping[Any, Sequence[Aliquot]], seed: int | None
) -> list[PlannedPosition]:
    if not samples:
        return []
    blanks, references = make_blanks(needs, len(samples)), make_references(needs, len(samples))
    body = [PlannedPosition(kind=PositionKind.SAMPLE, label=one.code, aliquot=one) for one in samples]
    body += [make_blind(one, needs.version) for one in needs.blinds]
    if seed is not None:
        random.Random(seed).shuffle(body)  # noqa: S311 - an order, no secret
    elif needs.blinds:
        body.sort(key=lambda one: one.label if one.blind is not None else "")
        body = _spread(body[: len(samples)], body[len(samples) :])
    body += make_repeats(needs, samples, duplicates)
    opening = [*make_calibration(needs), *make_initial_checks(needs, len(samples)), *blanks[:1], *references[:1]]
    tray = lay_out([], body, alternate(blanks[1:], references[1:]))
    return [*with_checks(needs, opening, tray, len(samples)), *make_pure_solutions(needs)]


def _spread(samples: Sequence[PlannedPosition], blinds: Sequence[PlannedPosition]) -> list[PlannedPosition]:
    """Blind controls among the samples, never at an end where a control would be looked for."""
    laid = list(samples)
    for index, one in enumerate(blinds, start=1):
        laid.insert(max(1, round(index * len(samples) / (len(blinds) + 1))) + index - 1, one)
    return laid


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
