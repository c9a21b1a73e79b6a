"""What is done about nonconforming work, step by step: evaluation, corrective action, its effect, closing (7.10 and 8.7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from assays.nonconformities.lifecycle import NONCONFORMITY, NonconformityState
from assays.nonconformities.models import Nonconformity, NonconformityNote, Significance
from lims.accounts.models import SignatureMeaning, User
from lims.accounts.signing import sign
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocker, Invalid, Problem, refuse_if
from lims.core.roles import Action, require
from lims.core.scope import fetch_visible


@dataclass(frozen=True)
class Evaluation:
    """What a nonconformity means: for results, for going on with the work, for customers, and whether it could come back."""

    significance: str
    evaluation: str
    may_recur: bool
    stop_work: bool
    notify_customers: bool


@dataclass(frozen=True)
class CorrectiveAction:
    """Why it happened, what is done so that it does not again, who does it until when."""

    root_cause: str
    action: str
    owner: User
    due: date


def _lock(record: Nonconformity, by: Any) -> Nonconformity:
    return fetch_visible(Nonconformity, by, lock=True, pk=record.pk)


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise Invalid(problems[0].code, problems[0].detail, problems=problems)


def _missing(**texts: str) -> list[Problem]:
    """A problem for each text that is empty, with what belongs there."""
    asked = {
        "evaluation": "Say what it means for the results, also for earlier ones.",
        "root_cause": "Say why it happened, as far down as you found.",
        "action": "Say what is done so that it does not happen again.",
        "effect": "Say how you looked, and what you found.",
        "reason": "Say why; it is kept with the record.",
    }
    return [Problem(f"/{name}", "missing", asked[name]) for name, text in texts.items() if not text.strip()]


def evaluate_nonconformity(*, record: Nonconformity, found: Evaluation, by: Any) -> Nonconformity:
    """Record its significance, whether work stops, whether customers are told, whether it could recur. May be done again until an action is
    agreed."""
    require(by, Action.NONCONFORMITY_MANAGE)
    problems = _missing(evaluation=found.evaluation)
    if found.significance not in Significance.values:
        detail = f"“{found.significance}” is none of: {', '.join(Significance.values)}."
        problems.append(Problem("/significance", "unknown_choice", detail))
    _refuse(problems)
    with acting(by, "evaluated"), transaction.atomic():
        record = _lock(record, by)
        record.state = NONCONFORMITY.target(record, "evaluate")
        record.significance, record.evaluation = found.significance, found.evaluation.strip()
        record.may_recur, record.notify_customers = found.may_recur, found.notify_customers
        if not record.work_stopped or not found.stop_work:
            record.resumed_at = None
        record.work_stopped = found.stop_work
        record.save()
    return record


def plan_action(*, record: Nonconformity, plan: CorrectiveAction, by: Any) -> Nonconformity:
    """Agree a corrective action with somebody of the laboratory who does it, and the day it is due. May be agreed anew while it runs."""
    require(by, Action.NONCONFORMITY_MANAGE)
    problems = _missing(root_cause=plan.root_cause, action=plan.action)
    if plan.owner.organisation_id != by.organisation_id or not plan.owner.is_active:
        problems.append(Problem("/owner", "owner", "The owner is somebody of this laboratory with an open account."))
    if plan.due < clock.today():
        problems.append(Problem("/due", "past", "The day is past. Agree one that can still be kept."))
    _refuse(problems)
    with acting(by, "corrective action agreed"), transaction.atomic():
        record = _lock(record, by)
        record.state = NONCONFORMITY.target(record, "plan_action")
        record.root_cause, record.action = plan.root_cause.strip(), plan.action.strip()
        record.action_owner, record.action_due = plan.owner, plan.due
        record.save()
    return record


def finish_blockers(record: Nonconformity, by: Any) -> list[Blocker]:
    """Why this person cannot say the action is done."""
    found = NONCONFORMITY.blockers(record, "finish_action")
    if not found and by.pk != record.action_owner_id and by.role != "quality_manager":
        found = [Blocker("not_the_owner", f"{record.action_owner} does this action and says when it is done; or the quality manager.")]
    return found


def finish_action(*, record: Nonconformity, note: str, by: Any, at: datetime | None = None) -> Nonconformity:
    """The owner says the action is taken, with what was done."""
    require(by, Action.NONCONFORMITY_REPORT)
    _refuse(_missing(action=note))
    moment = at or clock.now()
    with acting(by, "action taken"), transaction.atomic():
        record = _lock(record, by)
        refuse_if(finish_blockers(record, by))
        record.state, record.action_done_at = NONCONFORMITY.target(record, "finish_action"), moment
        record.effective, record.effect = None, ""
        record.save()
        NonconformityNote.objects.create(nonconformity=record, text=note.strip(), by=by, at=moment)
    return record


def check_effect(*, record: Nonconformity, effective: bool, effect: str, by: Any, at: datetime | None = None) -> Nonconformity:
    """Record whether the action worked; one that did not is taken up again."""
    require(by, Action.NONCONFORMITY_MANAGE)
    _refuse(_missing(effect=effect))
    with acting(by, "effect checked"), transaction.atomic():
        record = _lock(record, by)
        record.state = NONCONFORMITY.target(record, "confirm_effect" if effective else "act_again")
        record.effective, record.effect = effective, effect.strip()
        record.save()
        verdict = "The action worked: " if effective else "The action did not work: "
        NonconformityNote.objects.create(nonconformity=record, text=verdict + effect.strip(), by=by, at=at or clock.now())
    return record


def resume_blockers(record: Nonconformity) -> list[Blocker]:
    """Why work cannot be resumed: it does not stand still."""
    if record.work_stopped and record.resumed_at is None and record.state != NonconformityState.CLOSED:
        return []
    return [Blocker("not_stopped", f"No work stands still because of {record.code}.")]


def resume_work(*, record: Nonconformity, reason: str, by: Any, at: datetime | None = None) -> Nonconformity:
    """Authorise the resumption of stopped work (7.10.1 f)."""
    require(by, Action.NONCONFORMITY_MANAGE)
    _refuse(_missing(reason=reason))
    moment = at or clock.now()
    with acting(by, reason), transaction.atomic():
        record = _lock(record, by)
        refuse_if(resume_blockers(record))
        record.resumed_at = moment
        record.save(update_fields=["resumed_at"])
        NonconformityNote.objects.create(nonconformity=record, text=f"Work may go on: {reason.strip()}", by=by, at=moment)
    return record


def closing_content(record: Nonconformity) -> dict[str, Any]:
    """Exactly what closing signs: the whole record."""
    return {
        "act": "close",
        "nonconformity": record.code,
        "source": record.source,
        "what_happened": record.what_happened,
        "significance": record.significance,
        "evaluation": record.evaluation,
        "may_recur": record.may_recur,
        "work_stopped": record.work_stopped,
        "resumed_at": record.resumed_at.isoformat() if record.resumed_at else None,
        "notices": [str(key) for key in record.notices.order_by("id").values_list("pk", flat=True)],
        "root_cause": record.root_cause,
        "action": record.action,
        "action_owner": str(record.action_owner_id or ""),
        "action_due": record.action_due.isoformat() if record.action_due else None,
        "effective": record.effective,
        "effect": record.effect,
        "links": [f"{link.kind} {getattr(link, f'{link.kind}_id')}" for link in record.links.order_by("id")],
    }


def close_nonconformity(
    *, record: Nonconformity, password: str, by: User, reason: str = "", shown_hash: str | None = None, at: datetime | None = None
) -> Nonconformity:
    """Close it with the quality manager's signature over the whole record. Raises `Blocked` with everything that is still missing."""
    require(by, Action.NONCONFORMITY_MANAGE)
    with acting(by, reason or "closed"), transaction.atomic():
        record = _lock(record, by)
        state = NONCONFORMITY.target(record, "close")
        content = closing_content(record)
        record.closing_signature = sign(
            by=by, password=password, meaning=SignatureMeaning.CLOSURE, content=content, shown_hash=shown_hash, reason=reason
        )
        record.state, record.closed_at = state, at or clock.now()
        record.save()
    return record
