"""Review of a run by somebody who had no hand in it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery

from assays.lifecycle import RUN, TEST, RunState
from assays.models import Evaluation, ResultVersion, Run, RunDecision, SubmissionTest
from assays.models.runs import PositionKind
from assays.selectors.measured_runs import live_tests
from assays.services.announcing import announce_run
from assays.services.competence import competence_blockers
from assays.services.fitness import fitness_blockers
from assays.services.four_eyes import independence_blockers
from lims.accounts.models import SignatureMeaning, User
from lims.accounts.signing import content_hash, sign
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocker, Invalid, Problem, refuse_if
from lims.core.roles import Action, allowed, require

APPROVE, SEND_BACK = "approve", "send_back"
_STEPS = {APPROVE: "review", SEND_BACK: "send_back"}


def review_content(run: Run, decision: str) -> dict[str, Any]:
    """Exactly what a reviewer signs: the judgement of the controls, and every current result of the run."""
    evaluation = last_evaluation(run)
    return {
        "act": "review",
        "decision": decision,
        "run": run.code,
        "method": str(run.method_version),
        "evaluation": str(evaluation.pk) if evaluation else "",
        "outcome": evaluation.outcome if evaluation else "",
        "positions": position_lines(run),
        "results": result_lines(run),
    }


def position_lines(run: Run) -> list[dict[str, str]]:
    """What becomes of each sample of the run, as signed: `kept` (its results are decided about here), `rejected` with the reason and who
    rejected it, or measured in a `later_run`."""
    rejected = run.retest_requests.filter(position=OuterRef("pk"), rejects=True)
    tubes = run.positions.filter(kind=PositionKind.SAMPLE, aliquot__isnull=False).annotate(
        kept=Exists(live_tests(run).filter(pk=OuterRef("aliquot__test"))),
        reason=Subquery(rejected.values("reason")[:1]),
        rejected_by=Subquery(rejected.values("asked_by__full_name")[:1]),
    )
    told = tubes.order_by("number").values_list("number", "aliquot__test__sample__blind_code", "kept", "reason", "rejected_by")
    return [
        {"position": str(number), "sample": sample, "standing": "kept" if kept else "later_run"}
        if reason is None
        else {"position": str(number), "sample": sample, "standing": "rejected", "reason": reason, "by": by}
        for number, sample, kept, reason, by in told
    ]


def result_lines(run: Run) -> list[dict[str, str]]:
    """The run's current results as signed: one line each, in a fixed order."""
    rows = (
        ResultVersion.objects.filter(reduction__run=run, current_of__isnull=False, result__test__in=live_tests(run))
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
    found = RUN.blockers(run, _STEPS[decision])
    if found and run.verdict_text and run.state in {RunState.QC_FAILED, RunState.BLOCKED}:
        found = [Blocker(run.state, f"{found[0].sentence} {run.verdict_text}")]
    found += independence_blockers(run, by, "review")
    if decision == APPROVE:
        found += competence_blockers(by, run.method_version.method.code, "review", clock.today())
        found += fitness_blockers(run) + test_blockers(run, _STEPS[decision]) + _asked_blockers(run)
    return found


def _asked_blockers(run: Run) -> list[Blocker]:
    """Samples asked to be measured again that stand in no later run yet; and a run of which every sample is rejected or stands in one."""
    live = live_tests(run)
    asked = run.retest_requests.annotate(live=Exists(live.filter(pk=OuterRef("position__aliquot__test")))).order_by("position__number")
    requests = list(asked.values_list("position__number", "rejects", "live"))
    if any(rejects for _number, rejects, _live in requests) and not live.exists():
        return [Blocker("nothing_left", f"No sample of {run.code} is left to approve: send the run back.")]
    return [
        Blocker("retest_asked", f"Position {number} of {run.code} is to be measured again: plan that first, or reject it.")
        for number, _rejects, waits in requests
        if waits
    ]


def test_blockers(run: Run, step: str) -> list[Blocker]:
    """What stands in the way of the run's tests: a sample on hold, an open discrepancy."""
    return [blocker for test in _tests_for(run, step) for blocker in TEST.blockers(test, step)]


test_blockers.__test__ = False  # type: ignore[attr-defined]  # not a test case, whatever its name says


def _tests_for(run: Run, step: str) -> list[SubmissionTest]:
    tests = live_tests(run).filter(state__in=TEST.find(step).sources)
    return list(tests.select_related("sample", "submission").order_by("pk"))


def review_run(
    *, run: Run, decision: str, password: str, by: User, reason: str = "", shown_hash: str | None = None, at: datetime | None = None
) -> RunDecision:
    """Approve a run or send it back, with an electronic signature over `review_content`.

    Sending back needs a reason, and returns its tests to be measured again; a signatory may send back a run that was reviewed. Raises
    `Blocked` (own work, competence, something expired, state), `Invalid` (decision, reason, password), `DomainError('stale_content')`.
    """
    _refuse_unfit(decision, reason)
    with acting(by, reason or "review"), transaction.atomic():
        run = lock_run(run)
        _require_role(run, decision, by)
        refuse_if(review_blockers(run, by, decision))
        content = review_content(run, decision)
        signature = sign(by=by, password=password, meaning=SignatureMeaning.REVIEW, content=content, shown_hash=shown_hash, reason=reason)
        moment = at or clock.now()
        made = RunDecision.objects.create(
            run=run,
            evaluation_id=content["evaluation"],
            decision=decision,
            reason=reason,
            signature=signature,
            decided_by=by,
            decided_at=moment,
        )
        run.state = RUN.target(run, _STEPS[decision])
        run.reviewed_at = moment if decision == APPROVE else None
        run.save(update_fields=["state", "reviewed_at"])
        move_tests(run, _STEPS[decision], moment)
        announce_run("run.reviewed" if decision == APPROVE else "run.sent_back", run)
    return made


def _refuse_unfit(decision: str, reason: str) -> None:
    if decision not in _STEPS:
        message = f"A review ends with {APPROVE!r} or {SEND_BACK!r}, not {decision!r}."
        raise Invalid("decision", message, problems=[Problem("/decision", "decision", message)])
    if decision == SEND_BACK and not reason.strip():
        message = "Say why the run is sent back; the analyst reads it."
        raise Invalid("reason", message, problems=[Problem("/reason", "reason", message)])


def _require_role(run: Run, decision: str, by: User) -> None:
    if decision == SEND_BACK and run.state == RunState.REVIEWED and allowed(by, Action.RESULT_AUTHORISE):
        return
    require(by, Action.RUN_REVIEW)


def lock_run(run: Run) -> Run:
    """The run as it stands now, locked until the transaction ends."""
    runs = Run.objects.select_for_update(of=("self",), no_key=True)
    return runs.select_related("method_version__method", "instrument", "laboratory").get(pk=run.pk)


def move_tests(run: Run, step: str, moment: datetime) -> None:
    """Move every test that is the run's; a test whose sample is held refuses the whole."""
    tests = _tests_for(run, step)
    locked = SubmissionTest.objects.filter(pk__in=[test.pk for test in tests]).order_by("pk").select_for_update(no_key=True)
    moving = [test.pk for test in locked]
    refuse_if([blocker for test in tests for blocker in TEST.blockers(test, step)])
    SubmissionTest.objects.filter(pk__in=moving).update(state=TEST.find(step).target, changed_at=moment)


def shown_hash_of(run: Run, decision: str) -> str:
    """The hash a page shows beside the signature, so that a stale page is refused."""
    return content_hash(review_content(run, decision))
