"""Review of a run by somebody who had no hand in it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from assays.lifecycle import RUN, TEST
from assays.models import Evaluation, ResultVersion, Run, RunDecision, SubmissionTest
from assays.services.four_eyes import competence_blockers, independence_blockers
from lims.accounts.models import SignatureMeaning, User
from lims.accounts.signing import content_hash, sign
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocker, Invalid, refuse_if
from lims.core.roles import Action, require

APPROVE, SEND_BACK = "approve", "send_back"


def review_content(run: Run, decision: str) -> dict[str, Any]:
    """Exactly what a reviewer signs: the evaluation, and every current result of the run."""
    evaluation = last_evaluation(run)
    return {
        "act": "review",
        "decision": decision,
        "run": run.code,
        "evaluation": evaluation.number if evaluation else 0,
        "outcome": evaluation.outcome if evaluation else "",
        "results": result_lines(run),
    }


def result_lines(run: Run) -> list[dict[str, str]]:
    """The run's current results as signed: one line each, in a fixed order."""
    rows = (
        ResultVersion.objects.filter(reduction__run=run, current_of__isnull=False)
        .select_related("result__sample", "result__analyte", "method_version__method")
        .order_by("result__sample__blind_code", "result__analyte__order")
    )
    return [
        {
            "id": str(row.pk),
            "sample": row.result.sample.blind_code,
            "analyte": row.result.analyte.symbol,
            "text": row.text,
            "uncertainty": row.uncertainty_text,
            "unit": row.unit,
            "basis": row.basis,
            "method": str(row.method_version),
        }
        for row in rows
    ]


def last_evaluation(run: Run) -> Evaluation | None:
    """The evaluation that counts: the newest."""
    return run.evaluations.order_by("-number").first()


def review_blockers(run: Run, by: Any, decision: str = APPROVE) -> list[Blocker]:
    """Why this person cannot decide so on this run now; the button shows it."""
    found = RUN.blockers(run, "review" if decision == APPROVE else "send_back")
    if found and run.verdict_text and run.state in {"qc_failed", "blocked"}:
        found = [Blocker(run.state, f"{found[0].sentence} {run.verdict_text}")]
    found += independence_blockers(run, by, "review")
    if decision == APPROVE:
        found += competence_blockers(run, by, "review")
    return found


def review_run(
    *, run: Run, decision: str, password: str, by: User, reason: str = "", shown_hash: str | None = None, at: datetime | None = None
) -> RunDecision:
    """Approve a run or send it back, with an electronic signature over `review_content`.

    Sending back needs a reason, and returns its tests to be measured again. Raises `Blocked` (own work, competence, state), `Invalid`.
    """
    require(by, Action.RUN_REVIEW)
    if decision not in {APPROVE, SEND_BACK}:
        raise Invalid("decision", f"A review ends with {APPROVE!r} or {SEND_BACK!r}, not {decision!r}.")
    if decision == SEND_BACK and not reason.strip():
        raise Invalid("reason", "Say why the run is sent back; the analyst reads it.")
    with acting(by, reason or "review"), transaction.atomic():
        run = Run.objects.select_for_update(of=("self",)).select_related("method_version__method").get(pk=run.pk)
        refuse_if(review_blockers(run, by, decision))
        content = review_content(run, decision)
        signature = sign(by=by, password=password, meaning=SignatureMeaning.REVIEW, content=content, shown_hash=shown_hash, reason=reason)
        moment = at or clock.now()
        made = RunDecision.objects.create(
            run=run,
            evaluation=last_evaluation(run),
            decision=decision,
            reason=reason,
            signature=signature,
            decided_by=by,
            decided_at=moment,
        )
        run.state = RUN.target(run, "review" if decision == APPROVE else "send_back")
        run.reviewed_at = moment if decision == APPROVE else None
        run.save(update_fields=["state", "reviewed_at"])
        move_tests(run, "review" if decision == APPROVE else "send_back", moment)
    return made


def move_tests(run: Run, step: str, moment: datetime) -> None:
    """Move every test measured in the run; a test whose sample is held refuses the whole."""
    tests = list(
        SubmissionTest.objects.select_for_update(of=("self",))
        .select_related("sample")
        .filter(aliquots__positions__run=run, aliquots__positions__kind="sample", state__in=TEST.find(step).sources)
    )
    refuse_if([blocker for test in tests for blocker in TEST.blockers(test, step)])
    SubmissionTest.objects.filter(pk__in=[test.pk for test in tests]).update(state=TEST.find(step).target, changed_at=moment)


def shown_hash_of(run: Run, decision: str) -> str:
    """The hash a page shows beside the signature, so that a stale page is refused."""
    return content_hash(review_content(run, decision))
