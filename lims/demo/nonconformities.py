"""Nonconforming work of the demonstration: one in each state, and what may be done to each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from assays.instruments.models import Instrument
from assays.models import Run
from assays.nonconformities.models import Nonconformity
from assays.nonconformities.services import handling, recalling, reporting
from lims.core import clock
from lims.demo.journeys import Story
from lims.demo.spares import INSTRUMENT, LABORATORY

_RACKS = "Two racks exchanged on the autosampler"
# Title, source, how far it has come, days since it was found.
_FOUND = (
    ("Balance read 0.4 mg high at the daily check", "instrument", "closed", 90),
    (_RACKS, "run", "done", 60),
    ("Furnace 3 K below its set point", "instrument", "acting", 40),
    ("A customer found two labels alike", "complaint", "acting", 12),
    ("Torch changed without an entry in the book", "audit", "stopped", 6),
    ("Sieve mesh torn at one place", "sample", "evaluated", 4),
    ("Moisture aliquot weighed warm", "sample", "open", 2),
)


def tell(story: Story) -> None:
    """Report each and bring it as far as it has come."""
    analyst, manager = story.cast.of("analyst", LABORATORY), story.cast.of("quality_manager", LABORATORY)
    instrument = Instrument.objects.get(code=INSTRUMENT)
    run = Run.objects.filter(laboratory__code=LABORATORY, state="authorised").order_by("id")[0]
    for title, source, reached, age in _FOUND:
        with clock.set_to(story.today - timedelta(days=age)):
            happened = f"{title}. Invented for the demonstration."
            touched = (instrument,) if source in {"instrument", "audit"} and reached != "stopped" else (run,) if source == "run" else ()
            finding = reporting.Finding(source, title, happened, clock.today(), touched)
            record = reporting.report_nonconformity(finding=finding, by=analyst)
        if reached != "open":
            with clock.set_to(story.today - timedelta(days=age - 1)):
                _bring_on(story, record, reached, analyst, manager)


def _bring_on(story: Story, record: Nonconformity, reached: str, analyst: Any, manager: Any) -> None:
    means = handling.Evaluation(
        "minor", "No reported result is affected.", reached in {"acting", "done", "closed"}, reached == "stopped", False
    )
    record = handling.evaluate_nonconformity(record=record, found=means, by=manager)
    if reached in {"evaluated", "stopped"}:
        return
    due = clock.today() + timedelta(days=14)
    plan = handling.CorrectiveAction("The daily check was not written down.", "A line for it in the form of the day.", analyst, due)
    record = handling.plan_action(record=record, plan=plan, by=manager)
    if reached == "acting":
        return
    record = handling.finish_action(record=record, note="The form has the line since this morning.", by=analyst)
    if reached == "closed":
        record = handling.check_effect(record=record, effective=True, effect="Twenty days looked at, none without an entry.", by=manager)
        handling.close_nonconformity(record=record, password=story.cast.password, by=manager)
    elif record.title == _RACKS:
        subject, text = "Results of two racks", "The results of two racks were exchanged; those you hold are right."
        recalling.notify_customers(record=record, subject=subject, text=text, by=manager)


def examples(story: Story) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Operation, caller, code in the path and body of each call."""
    own = Nonconformity.objects.filter(laboratory__code=LABORATORY).order_by("id")
    failed = Run.objects.filter(laboratory__code=LABORATORY, state="qc_failed").order_by("id")[0]
    racks = own.get(title=_RACKS)
    acting, password = own.filter(state="acting"), story.cast.password
    call, today = "/api/v1/nonconformities/{code}/", clock.today()
    means = {
        "significance": "minor",
        "evaluation": "No result is affected.",
        "may_recur": False,
        "stop_work": False,
        "notify_customers": False,
    }
    plan = {
        "root_cause": "The mesh is older than two years.",
        "action": "New sieves, and their age in the plan of checks.",
        "owner": story.cast.of("analyst", LABORATORY).username,
        "due": (today + timedelta(days=20)).isoformat(),
    }
    report = {
        "source": "run",
        "title": "Blank high at the end of the tray",
        "what_happened": "The last reagent blank read four times the first.",
        "found_on": today.isoformat(),
        "touches": [failed.code],
    }
    reason = "The material reads high; the samples' duplicates agree and lie far below its grade."
    return [
        ("/api/v1/runs/{code}/override/", "quality_manager", failed.code, {"reason": reason, "password": password}),
        ("/api/v1/nonconformities/", "analyst", "", report),
        (f"{call}evaluate/", "quality_manager", own.filter(state="open")[0].code, means),
        (f"{call}action/", "quality_manager", own.filter(state="evaluated", work_stopped=False)[0].code, plan),
        (f"{call}finish/", "analyst", acting[0].code, {"text": "Thermocouple changed and checked."}),
        (f"{call}effect/", "quality_manager", own.filter(state="done")[0].code, {"effective": True, "effect": "Ten trays looked at."}),
        (f"{call}resume/", "quality_manager", own.get(work_stopped=True).code, {"text": "The book is complete again."}),
        (f"{call}notes/", "technician", acting[1].code, {"text": "The label printer was set anew."}),
        (
            "/api/v1/runs/{code}/reopen/",
            "quality_manager",
            racks.links.exclude(run=None)[0].run.code,  # type: ignore[union-attr]
            {"nonconformity": racks.code, "reason": "The racks were exchanged after all.", "password": password},
        ),
        ("/api/v1/nonconformities/{code}/hold/", "quality_manager", own.get(title=_RACKS).code, {}),
        (f"{call}notify/", "quality_manager", own.get(title=_RACKS).code, {"subject": "Two racks exchanged", "text": "Corrected."}),
        (f"{call}close/", "quality_manager", own.filter(state="evaluated", work_stopped=False)[0].code, {"password": password}),
    ]
