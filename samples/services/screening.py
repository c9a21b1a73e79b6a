"""Radiation at a laboratory: the dose rate at the door, gamma spectra, activities computed from contents; what follows from each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocker, Invalid, Problem, refuse_if
from lims.core.ids import uuid7_series
from lims.core.roles import Action, require
from samples.custody.kinds import EventKind
from samples.custody.ledger import Entry, append_events
from samples.lifecycle import SampleState
from samples.models import ActivityAssessment, Discrepancy, DoorScreen, Sample
from samples.models.radiation import ActivitySource, DoorPolicy
from samples.models.receipts import DiscrepancyKind
from samples.models.samples import HoldKind
from samples.radiation_rules import (
    NUCLIDES_OF_PROCESSED,
    PROCESSED_MATERIALS,
    QUALIFIERS,
    Clearance,
    NuclideActivity,
    judge_activities,
    judge_dose_rate,
    nuclide_text,
)
from samples.services.holding import USUAL_QUARANTINE_PLACE, given_reason, open_holds
from samples.services.locking import lock_sample, lock_samples
from samples.services.movement import checked_moment, checked_texts

_THERE = {SampleState.RECEIVED, SampleState.IN_PREPARATION, SampleState.IN_ANALYSIS, SampleState.REPORTED, SampleState.REFUSED}
_HIGHEST_DOSE_RATE = Decimal(100_000)
_HIGHEST_ACTIVITY = Decimal(100_000)


def screen_blockers(sample: Sample, by: Any) -> list[Blocker]:
    """Why the caller's laboratory cannot measure the sample now."""
    if sample.laboratory_id != by.organisation_id:
        return [Blocker("not_received", "This sample was not received at your laboratory. Receive it first; then measure it.")]
    if sample.state not in _THERE:
        return [Blocker("wrong_state", f"This sample is {SampleState(sample.state).label}; there is nothing to measure.")]
    return []


@dataclass(frozen=True, kw_only=True)
class DoseRate:
    """What the meter showed at the closed package: µSv/h, distance in cm; `uncertainty` is the expanded one (k) of the net rate."""

    dose_rate: Decimal
    background: Decimal
    distance_cm: Decimal
    instrument: str
    uncertainty: Decimal = Decimal(0)
    k: Decimal = Decimal(2)
    remark: str = ""


def record_screen(*, sample: Sample, reading: DoseRate, by: Any, at: datetime | None = None) -> DoorScreen:
    """Record a dose rate at the door. The sample may be opened when it passed; else it is quarantined, at the place its laboratory keeps
    for that. Raises `Blocked('not_received' | 'wrong_state')`, `Invalid` naming each wrong member."""
    require(by, Action.RADIATION_SCREEN)
    texts = checked_texts(DoorScreen, instrument=reading.instrument, remark=reading.remark)
    _refuse(_reading_problems(reading, texts["instrument"]))
    with transaction.atomic(), acting(by, "screened for radiation"):
        sample = lock_sample(sample)
        refuse_if(screen_blockers(sample, by))
        moment = checked_moment(at, after=sample.received_at)
        policy = DoorPolicy.of(sample.laboratory_id)
        verdict = judge_dose_rate(reading.dose_rate, reading.background, reading.uncertainty, policy.dose_rate_limit)
        screen = DoorScreen.objects.create(
            sample=sample,
            laboratory=by.organisation,
            dose_rate=reading.dose_rate,
            background=reading.background,
            uncertainty=reading.uncertainty,
            k=reading.k,
            distance_cm=reading.distance_cm,
            instrument=texts["instrument"],
            limit=policy.dose_rate_limit,
            passed=verdict.passed,
            remark=texts["remark"],
            measured_by=by,
            measured_at=moment,
        )
        Sample.objects.filter(pk=sample.pk).update(needs_screen=False)
        append_events([_screen_entry(screen)], by=by)
        if not verdict.passed:
            place = policy.quarantine_place or USUAL_QUARANTINE_PLACE
            open_holds([sample.pk], kind=HoldKind.QUARANTINE, reason=screen.sentence, place=place, by=by, at=moment)
    return screen


def _screen_entry(screen: DoorScreen) -> Entry:
    detail = {
        "dose_rate_uSv_h": f"{screen.dose_rate:f}",
        "background_uSv_h": f"{screen.background:f}",
        "uncertainty_uSv_h": f"{screen.uncertainty:f}",
        "k": f"{screen.k:f}",
        "distance_cm": f"{screen.distance_cm:f}",
        "limit_uSv_h": f"{screen.limit:f}",
        "outcome": "passed" if screen.passed else "quarantined",
    }
    return Entry(
        sample_id=screen.sample_id,
        kind=EventKind.SCREENED,
        occurred_at=screen.measured_at,
        remark=f"{screen.instrument}. {screen.remark}".strip(". "),
        detail=detail,
    )


def _reading_problems(reading: DoseRate, instrument: str) -> list[Problem]:
    found = []
    for name in ("dose_rate", "background", "uncertainty"):
        value = getattr(reading, name)
        if not (value.is_finite() and 0 <= value <= _HIGHEST_DOSE_RATE):
            found.append(Problem(f"/{name}", "out_of_range", "Give it in µSv/h, from 0 on."))
    if not (reading.distance_cm.is_finite() and 0 <= reading.distance_cm <= 1000):
        found.append(Problem("/distance_cm", "out_of_range", "Give the distance from the package in cm, from 0 (contact) to 1000."))
    if not (reading.k.is_finite() and 1 <= reading.k <= 4):
        found.append(Problem("/k", "out_of_range", "The coverage factor k lies between 1 and 4; usually it is 2."))
    if not instrument:
        found.append(Problem("/instrument", "missing", "Name the instrument, so that its calibration can be looked up."))
    return found


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise Invalid(problems[0].code, f"{problems[0].pointer[1:]}: {problems[0].detail}", problems=problems)


# --- Activities -----------------------------------------------------------------------------------------------------------------------


def record_gamma(
    *,
    sample: Sample,
    nuclides: Sequence[NuclideActivity],
    measured_by_name: str = "",
    reference: str,
    by: Any,
    at: datetime | None = None,
) -> ActivityAssessment:
    """Record a gamma spectrum: activities in Bq/g by nuclide. What reaches the limit keeps or puts the sample on hold and opens a
    discrepancy. Raises `Blocked`, `Invalid` with pointers such as `/nuclides/2/activity`."""
    require(by, Action.RADIATION_ASSESS)
    texts = checked_texts(ActivityAssessment, measured_by_name=measured_by_name, reference=reference)
    _refuse(_nuclide_problems(nuclides, texts["reference"]))
    with transaction.atomic(), acting(by, "gamma spectrum recorded"):
        sample = lock_sample(sample)
        refuse_if(screen_blockers(sample, by))
        moment = checked_moment(at, after=sample.received_at)
        (made,) = _assess([(sample, nuclides)], source=ActivitySource.GAMMA, by=by, moment=moment, **texts)
    return made


def assess_contents(
    *, found: Mapping[UUID, Sequence[NuclideActivity]], laboratory: Any, reference: str, by: Any, at: datetime | None = None
) -> list[ActivityAssessment]:
    """Judge activities computed from contents of Th and U, by sample id, for all of a run at once. Part of the caller's transaction.

    What reaches the limit is put on a safety hold and gets a discrepancy that keeps it from its report; an assessment that only repeats
    the newest one is not written again.
    """
    if not found:
        return []
    samples = {one.pk: one for one in lock_samples(list(found))}
    pairs = [(samples[key], nuclides) for key, nuclides in found.items() if samples[key].laboratory_id == laboratory.pk]
    moment = at or clock.now()
    return _assess(pairs, source=ActivitySource.CONTENT, by=by, moment=moment, reference=reference, measured_by_name="")


def _assess(
    pairs: Sequence[tuple[Sample, Sequence[NuclideActivity]]],
    *,
    source: str,
    by: Any,
    moment: datetime,
    reference: str,
    measured_by_name: str,
) -> list[ActivityAssessment]:
    if not pairs:
        return []
    laboratory = pairs[0][0].laboratory
    policy = DoorPolicy.of(laboratory)
    verdicts = []
    rows = []
    for (sample, nuclides), key in zip(pairs, uuid7_series(len(pairs)), strict=True):
        processed = sample.material in PROCESSED_MATERIALS
        verdict = judge_activities(nuclides, policy.activity_limit, processed=processed, by_gamma=source == ActivitySource.GAMMA)
        verdicts.append(verdict)
        rows.append(
            ActivityAssessment(
                id=key,
                sample=sample,
                laboratory=laboratory,
                source=source,
                measured_by_name=measured_by_name,
                reference=reference,
                processed=processed,
                limit=policy.activity_limit,
                cleared=verdict.cleared,
                reasons=list(verdict.reasons),
                nuclides=[_nuclide_data(one) for one in nuclides],
                recorded_by=by,
                recorded_at=moment,
            )
        )
    ActivityAssessment.objects.bulk_create(rows)
    append_events([_assessment_entry(row) for row in rows], by=by)
    exceeding = [(row, verdict) for row, verdict in zip(rows, verdicts, strict=True) if verdict.exceeded]
    _hold_exceeding(exceeding, by, moment)
    return rows


def _nuclide_data(one: NuclideActivity) -> dict[str, str]:
    return {
        "nuclide": one.nuclide,
        "activity": f"{one.activity:f}",
        "qualifier": one.qualifier,
        "uncertainty": f"{one.uncertainty:f}",
        "k": f"{one.k:f}",
    }


def _assessment_entry(row: ActivityAssessment) -> Entry:
    detail = {
        "source": str(row.source),
        "limit_Bq_g": f"{row.limit:f}",
        "activities": "; ".join(nuclide_text(one) for one in row.nuclides),
        "outcome": "cleared" if row.cleared else "not cleared",
    }
    return Entry(
        sample_id=row.sample_id,
        kind=EventKind.SCREENED,
        occurred_at=row.recorded_at,
        remark=", ".join(text for text in (row.measured_by_name, row.reference) if text),
        detail=detail,
    )


def _hold_exceeding(exceeding: Sequence[tuple[ActivityAssessment, Clearance]], by: Any, moment: datetime) -> None:
    """A safety hold and a discrepancy for each sample at or above the limit, unless one is open on it already."""
    if not exceeding:
        return
    keys = [row.sample_id for row, _ in exceeding]
    open_holds(keys, kind=HoldKind.SAFETY, reason="Natural radioactivity reaches the limit.", by=by, at=moment)
    known = set(Discrepancy.objects.undecided().filter(sample__in=keys, kind=DiscrepancyKind.ACTIVITY).values_list("sample", flat=True))
    fresh = [(row, verdict) for row, verdict in exceeding if row.sample_id not in known]
    Discrepancy.objects.bulk_create(
        Discrepancy(
            sample_id=row.sample_id,
            laboratory_id=row.laboratory_id,
            kind=DiscrepancyKind.ACTIVITY,
            detail=" ".join(verdict.reasons),
            found_by=by,
            found_at=moment,
        )
        for row, verdict in fresh
    )
    Sample.objects.filter(pk__in=[row.sample_id for row, _ in fresh]).update(has_open_discrepancy=True)
    append_events(
        [
            Entry(
                sample_id=row.sample_id,
                kind=EventKind.DISCREPANCY,
                occurred_at=moment,
                remark=" ".join(verdict.reasons),
                detail={"kind": str(DiscrepancyKind.ACTIVITY)},
            )
            for row, verdict in fresh
        ],
        by=by,
    )


def _nuclide_problems(nuclides: Sequence[NuclideActivity], reference: str) -> list[Problem]:
    found = []
    if not reference:
        found.append(Problem("/reference", "missing", "Name the report or the spectrum, so that it can be found again."))
    if not nuclides:
        found.append(Problem("/nuclides", "empty", f"Give at least one nuclide of: {', '.join(NUCLIDES_OF_PROCESSED)}."))
    seen: set[str] = set()
    for index, one in enumerate(nuclides):
        where = f"/nuclides/{index}"
        if one.nuclide not in NUCLIDES_OF_PROCESSED:
            found.append(Problem(f"{where}/nuclide", "unknown_choice", f"“{one.nuclide}” is none of: {', '.join(NUCLIDES_OF_PROCESSED)}."))
        elif one.nuclide in seen:
            found.append(Problem(f"{where}/nuclide", "twice", f"{one.nuclide} is given twice. Give each nuclide once."))
        seen.add(one.nuclide)
        if one.qualifier not in QUALIFIERS:
            found.append(Problem(f"{where}/qualifier", "unknown_choice", "Leave it empty, or write < or >."))
        for name in ("activity", "uncertainty"):
            value = getattr(one, name)
            if not (value.is_finite() and 0 <= value <= _HIGHEST_ACTIVITY):
                found.append(Problem(f"{where}/{name}", "out_of_range", "Give it in Bq/g, from 0 on."))
        if not one.qualifier and one.uncertainty.is_finite() and one.uncertainty == 0:
            found.append(Problem(f"{where}/uncertainty", "missing", "Give the expanded uncertainty: without it nothing can be cleared."))
        if not (one.k.is_finite() and 1 <= one.k <= 4):
            found.append(Problem(f"{where}/k", "out_of_range", "The coverage factor k lies between 1 and 4; usually it is 2."))
    return found


# --- What a laboratory asks for ---------------------------------------------------------------------------------------------------------

POLICY_MEMBERS = (
    *("requires_screen", "dose_rate_limit", "activity_limit", "gamma_for_processed", "quarantine_place"),
    *("mass_tolerance_percent", "mass_tolerance_g", "clock_skew_minutes"),
)


def set_policy(*, values: Mapping[str, Any], reason: str, by: Any, at: datetime | None = None) -> DoorPolicy:
    """A new version of what the caller's laboratory asks for at its door (`POLICY_MEMBERS`; what is not given stays), with a reason.
    Earlier measurements keep the limit they were judged by."""
    require(by, Action.POLICY_EDIT)
    unknown = sorted(set(values) - set(POLICY_MEMBERS))
    if unknown:
        raise Invalid("unknown_member", f"“{unknown[0]}” is none of: {', '.join(POLICY_MEMBERS)}.")
    reason = given_reason(checked_texts(DoorPolicy, reason=reason)["reason"])
    current = DoorPolicy.of(by.organisation_id)
    chosen = {name: getattr(current, name) for name in POLICY_MEMBERS} | dict(values)
    _refuse(_policy_problems(chosen))
    with transaction.atomic(), acting(by, reason):
        return DoorPolicy.objects.create(laboratory=by.organisation, **chosen, reason=reason, set_by=by, set_at=at or clock.now())


def _policy_problems(values: Mapping[str, Any]) -> list[Problem]:
    found = []
    ranges = {
        "dose_rate_limit": (Decimal("0.001"), Decimal(1000), "µSv/h above background"),
        "activity_limit": (Decimal("0.001"), Decimal(1000), "Bq/g"),
        "mass_tolerance_percent": (Decimal(0), Decimal(100), "percent of the mass"),
        "mass_tolerance_g": (Decimal(0), Decimal(10_000), "grams"),
        "clock_skew_minutes": (0, 1440, "minutes"),
    }
    for name, (low, high, unit) in ranges.items():
        if not low <= values[name] <= high:
            found.append(Problem(f"/{name}", "out_of_range", f"Give it in {unit}, from {low} to {high}."))
    if len(values["quarantine_place"]) > 160:
        found.append(Problem("/quarantine_place", "too_long", "At most 160 characters."))
    return found
