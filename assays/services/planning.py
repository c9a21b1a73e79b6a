"""Planning runs: a tray of waiting aliquots with the controls their method asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db import transaction

from assays.instruments.models import Instrument
from assays.lifecycle import RUN, TEST
from assays.models import Aliquot, MethodVersion, Run, RunPosition, SubmissionTest, TrayLayout
from assays.models.runs import PositionKind
from assays.selectors.run_lots import RunLots, lots_in_use, of_tray
from assays.selectors.tray_plan import PlannedPosition
from assays.selectors.trays import propose_tray
from assays.services.competence import competence_blockers
from assays.services.leaching import leach_blockers
from assays.services.run_lots import lock_lots, lot_blockers, record_run_lots
from assays.services.submitting import is_in_force
from assays.services.tray_faults import LARGEST_TRAY, refuse_faulty
from lims.core import clock
from lims.core.acting import acting
from lims.core.codes import RUN as RUN_CODE
from lims.core.days import local_day
from lims.core.errors import Blocker, Invalid, Problem, refuse_if
from lims.core.roles import Action, require
from lims.core.scope import fetch_visible
from lims.core.sequences import take_codes
from samples.services.movement import checked_texts


def plan_run(
    *,
    instrument: Instrument,
    method_version: MethodVersion,
    aliquots: Sequence[Aliquot] | None = None,
    positions: Sequence[PlannedPosition] | None = None,
    layout: TrayLayout | None = None,
    seed: int | None = None,
    lots: RunLots | None = None,
    by: Any,
    at: datetime | None = None,
) -> Run:
    """Plan a run. Without `positions` the tray is proposed (`selectors.trays.propose_tray`) from `aliquots`, or from what waits, with its
    controls; with `positions` it stands exactly as given, and a missing control blocks the run when it is judged. `layout` says which
    places the rack has; `seed` is that of the random order of a tray that was looked at before. `lots` are what it is measured with; left
    out, those in use (`selectors.run_lots.lots_in_use`). They are recorded as used for the run, and recalled by it. Amounts in explicit
    positions stand as given.

    Raises `Blocked` (no competence, calibration due, method not in force, nothing waits, no reference material, an aliquot that cannot be
    loaded, a lot that expired, is held or does not serve) and `Invalid` with a problem per position (`/positions/3/label`).
    """
    require(by, Action.RUN_EDIT)
    now = at or clock.now()
    day = local_day(now)
    with transaction.atomic(), acting(by, "run planned"):
        instrument = fetch_visible(Instrument, by, lock=True, pk=instrument.pk)
        refuse_if(planning_blockers(instrument, method_version, by, day))
        chosen = lots if lots is not None else lots_in_use(method_version, by, day)
        if positions is None:
            proposed = propose_tray(version=method_version, viewer=by, day=day, aliquots=aliquots, layout=layout, seed=seed, lots=chosen)
            refuse_if(proposed.blockers)
            positions, seed = proposed.positions, proposed.seed
        tray = _complete(positions, layout)
        refuse_faulty(tray, method_version, by)
        if lots is None:
            chosen = of_tray(chosen, tray)
        lock_lots(chosen)
        refuse_if(lot_blockers(chosen, tray, by, day))
        refuse_if(leach_blockers([one.aliquot for one in tray if one.aliquot is not None], method_version))
        _load_tests(tray, by, now)
        run = Run.objects.create(
            code=take_codes(RUN_CODE)[0],
            laboratory=by.organisation,
            instrument=instrument,
            method_version=method_version,
            planned_by=by,
            planned_at=now,
            layout=layout,
            seed=seed,
        )
        _store_positions(run, tray)
        record_run_lots(run, chosen, day, by, now)
    return run


def planning_blockers(instrument: Instrument, version: MethodVersion, by: Any, day: date) -> list[Blocker]:
    """Why this person may not plan a run of this method on this instrument today."""
    found = competence_blockers(by, version.method.code, "measure", day)
    if not instrument.measures:
        found.append(Blocker("measures_nothing", f"{instrument.code} is a {instrument.technique} and measures no run. Choose another."))
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


def _complete(positions: Sequence[PlannedPosition], layout: TrayLayout | None) -> list[PlannedPosition]:
    """Every position with a number and a label: the next free number, the code of what stands there."""
    used = {one.number for one in positions if one.number is not None} | set(layout.reserved if layout is not None else ())
    free = (number for number in range(1, LARGEST_TRAY + len(positions) + len(used) + 1) if number not in used)
    return [
        replace(one, number=one.number if one.number is not None else next(free), label=one.label.strip() or _own_name(one))
        for one in positions
    ]


def _own_name(position: PlannedPosition) -> str:
    if position.aliquot is not None:
        return position.aliquot.code
    return position.material.code if position.material is not None else ""


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
            control=one.control,
            label=one.label,
            aliquot=one.aliquot,
            material=one.material,
            blind=one.blind,
            retest_of=one.retest_of,
            analytes=one.analytes,
            nominal={symbol: str(value) for symbol, value in one.nominal.items()},
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
