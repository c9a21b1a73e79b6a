"""Planning runs: a tray of waiting aliquots with the controls their method asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db import transaction

from assays.instruments.models import Instrument
from assays.lifecycle import RUN, TEST
from assays.models import Aliquot, MethodVersion, Run, RunPosition, SubmissionTest
from assays.models.runs import PositionKind
from assays.selectors.trays import PlannedPosition, propose_tray
from assays.services.competence import competence_blockers
from assays.services.rows import find_mass_problem, find_solution_problems
from assays.services.submitting import is_in_force
from lims.core import clock
from lims.core.acting import acting
from lims.core.codes import RUN as RUN_CODE
from lims.core.days import local_day
from lims.core.errors import Blocker, Invalid, Problem, refuse_if
from lims.core.roles import Action, require
from lims.core.scope import fetch_visible
from lims.core.sequences import take_codes
from samples.services.movement import checked_texts

LARGEST_TRAY = 240
"""Positions of the largest autosamplers in use."""

_WITH_ALIQUOT = {PositionKind.SAMPLE, PositionKind.DUPLICATE}


def plan_run(
    *,
    instrument: Instrument,
    method_version: MethodVersion,
    aliquots: Sequence[Aliquot] | None = None,
    positions: Sequence[PlannedPosition] | None = None,
    by: Any,
    at: datetime | None = None,
) -> Run:
    """Plan a run. Without `positions` the tray is proposed (`selectors.trays.propose_tray`) from `aliquots`, or from what waits, with its
    controls; with `positions` it stands exactly as given, and a missing control blocks the run when it is judged.

    Raises `Blocked` (no competence, calibration due, method not in force, nothing waits, no reference material, an aliquot that cannot be
    loaded) and `Invalid` with a problem per position (`/positions/3/label`).
    """
    require(by, Action.RUN_EDIT)
    now = at or clock.now()
    day = local_day(now)
    with transaction.atomic(), acting(by, "run planned"):
        instrument = fetch_visible(Instrument, by, lock=True, pk=instrument.pk)
        refuse_if(planning_blockers(instrument, method_version, by, day))
        if positions is None:
            proposed = propose_tray(version=method_version, viewer=by, day=day, aliquots=aliquots)
            refuse_if(proposed.blockers)
            positions = proposed.positions
        tray = _complete(positions)
        _refuse_faulty(tray, method_version, by)
        _load_tests(tray, by, now)
        run = Run.objects.create(
            code=take_codes(RUN_CODE)[0],
            laboratory=by.organisation,
            instrument=instrument,
            method_version=method_version,
            planned_by=by,
            planned_at=now,
        )
        _store_positions(run, tray)
    return run


def planning_blockers(instrument: Instrument, version: MethodVersion, by: Any, day: date) -> list[Blocker]:
    """Why this person may not plan a run of this method on this instrument today."""
    found = competence_blockers(by, version.method.code, "measure", day)
    if not instrument.active:
        found.append(Blocker("instrument_out_of_use", f"{instrument.code} is out of use. Choose another instrument."))
    if instrument.calibration_due is not None and instrument.calibration_due < day:
        due = f"{instrument.calibration_due:%d %b %Y}"
        found.append(Blocker("calibration_due", f"The calibration of {instrument.code} was due on {due}. Record it, or choose another."))
    if not is_in_force(version, day):
        found.append(Blocker("not_in_force", f"{version} is not in force on {day:%d %b %Y}. Choose the current version."))
    return found


def cancel_run(*, run: Run, reason: str, by: Any, at: datetime | None = None) -> Run:
    """Give up a planned run: its aliquots wait again."""
    require(by, Action.RUN_EDIT)
    if not reason.strip():
        detail = "Say why the run is cancelled: the reason is kept."
        raise Invalid("reason_missing", detail, problems=[Problem("/reason", "reason_missing", detail)])
    reason = checked_texts(Run, verdict_text=reason)["verdict_text"]
    now = at or clock.now()
    with transaction.atomic(), acting(by, reason):
        run = fetch_visible(Run, by, lock=True, pk=run.pk)
        run.state = RUN.target(run, "cancel")
        run.verdict_text = f"Cancelled: {reason}"
        run.save(update_fields=["state", "verdict_text"])
        loaded = run.positions.filter(kind=PositionKind.SAMPLE).values("aliquot__test")
        SubmissionTest.objects.filter(pk__in=loaded, state="in_run").update(state="prepared", changed_at=now)
    return run


def _complete(positions: Sequence[PlannedPosition]) -> list[PlannedPosition]:
    """Every position with a number and a label: the next free number, the code of what stands there."""
    used = {one.number for one in positions if one.number is not None}
    free = (number for number in range(1, LARGEST_TRAY + len(positions) + 1) if number not in used)
    return [
        replace(one, number=one.number if one.number is not None else next(free), label=one.label.strip() or _own_name(one))
        for one in positions
    ]


def _own_name(position: PlannedPosition) -> str:
    if position.aliquot is not None:
        return position.aliquot.code
    return position.material.code if position.material is not None else ""


def _refuse_faulty(tray: Sequence[PlannedPosition], version: MethodVersion, by: Any) -> None:
    problems = [] if tray else [Problem("/positions", "empty", "A run has at least one position. Add an aliquot.")]
    first: dict[tuple[str, Any], int] = {}
    numbers = {one.number: one for one in tray}
    for index, one in enumerate(tray):
        for member, what, key in _unique_members(one):
            if first.setdefault((what, key), index) != index:
                sentence = f"The {what} {key} stands at two positions. Each stands at one."
                problems.append(Problem(f"/positions/{index}/{member}", "repeated", sentence))
        problems += [Problem(f"/positions/{index}/{name}", code, text) for name, code, text in _faults(one, numbers, version, by)]
    if problems:
        raise Invalid("positions" if len(problems) > 1 else problems[0].code, problems[0].detail, problems=problems)


def _unique_members(one: PlannedPosition) -> Iterator[tuple[str, str, Any]]:
    """What no two positions share: (member, what it is, its value)."""
    yield "number", "number", one.number
    if one.label:
        yield "label", "label", one.label
    if one.aliquot is not None:
        yield "aliquot", "aliquot", one.aliquot.code
        if one.kind == PositionKind.SAMPLE:
            yield "aliquot", "test", str(one.aliquot.test)


def _faults(
    one: PlannedPosition, numbers: Mapping[int | None, PlannedPosition], version: MethodVersion, by: Any
) -> Iterator[tuple[str, str, str]]:
    """What is wrong with one position: (member, code, sentence)."""
    if one.kind not in PositionKind.values:
        yield "kind", "unknown_choice", f"“{one.kind}” is none of: {', '.join(PositionKind.values)}."
        return
    if not 1 <= (one.number or 0) <= LARGEST_TRAY:
        yield "number", "impossible", f"A position has a number from 1 to {LARGEST_TRAY}, not {one.number}."
    if not one.label or not one.label.isprintable():
        yield "label", "missing", "Give the label the instrument's sequence carries, in printable characters."
    elif len(one.label) > 80:
        yield "label", "too_long", f"A label has at most 80 characters; this has {len(one.label)}."
    if (one.aliquot is not None) != (one.kind in _WITH_ALIQUOT):
        yield "aliquot", "misplaced", "A sample or duplicate position names its aliquot; any other names none."
    elif one.aliquot is not None:
        yield from _aliquot_faults(one.aliquot, version, by)
    if (one.material is not None) != (one.kind == PositionKind.REFERENCE):
        yield "material", "misplaced", "A reference position names its material; any other names none."
    elif one.material is not None and one.material.laboratory_id not in {None, by.organisation_id}:
        yield "material", "other_laboratory", f"{one.material.code} is another laboratory's own material."
    if one.kind == PositionKind.DUPLICATE:
        original = numbers.get(one.duplicate_of)
        if original is None or original.kind != PositionKind.SAMPLE or not _repeats(one, original):
            yield "duplicate_of", "not_the_original", "A duplicate names the number of the position that holds another aliquot of its test."
    amounts = find_solution_problems(one.volume_ml, one.dilution)
    for problem in [*(find_mass_problem("/mass_g", one.mass_g, 5) if one.mass_g is not None else []), *amounts]:
        yield problem.pointer[1:], problem.code, problem.detail


def _aliquot_faults(aliquot: Aliquot, version: MethodVersion, by: Any) -> Iterator[tuple[str, str, str]]:
    if aliquot.test.submission.laboratory_id != by.organisation_id:
        yield "aliquot", "unknown", f"There is no aliquot {aliquot.code} in your laboratory. Scan its label again."
    elif aliquot.test.method_version_id != version.pk:
        yield "aliquot", "other_method", f"Aliquot {aliquot.code} was weighed for {aliquot.test.method_version}, not for {version}."


def _repeats(duplicate: PlannedPosition, original: PlannedPosition) -> bool:
    return (
        duplicate.aliquot is not None
        and original.aliquot is not None
        and duplicate.aliquot.pk != original.aliquot.pk
        and duplicate.aliquot.test_id == original.aliquot.test_id
    )


def _load_tests(tray: Sequence[PlannedPosition], by: Any, now: datetime) -> None:
    """Move the tests of the sample positions into the run, locked in one order."""
    wanted = {one.aliquot.test_id: one.aliquot.code for one in tray if one.kind == PositionKind.SAMPLE and one.aliquot is not None}
    tests = (
        SubmissionTest.objects.filter(pk__in=wanted)
        .select_related("sample", "submission")
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True)
    )
    refuse_if(
        [
            Blocker(blocker.code, f"Aliquot {wanted[test.pk]}: {blocker.sentence}")
            for test in tests
            for blocker in TEST.blockers(test, "load")
        ]
    )
    SubmissionTest.objects.filter(pk__in=wanted).update(state=TEST.find("load").target, changed_at=now)


def _store_positions(run: Run, tray: Sequence[PlannedPosition]) -> None:
    rows = {
        number: RunPosition(
            run=run,
            number=number,
            kind=one.kind,
            label=one.label,
            aliquot=one.aliquot,
            material=one.material,
            mass_g=one.mass_g,
            volume_ml=one.volume_ml,
            dilution=one.dilution,
        )
        for one in tray
        if (number := one.number) is not None
    }
    for one in tray:
        if one.number is not None and one.duplicate_of is not None:
            rows[one.number].duplicate_of = rows[one.duplicate_of]
    RunPosition.objects.bulk_create(rows[number] for number in sorted(rows))
