"""Release: a signatory authorises the results of a reviewed run. The signature is bound to every number."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from assays.lifecycle import RUN
from assays.models import Authorisation, AuthorisedResult, Result, Run
from assays.services.four_eyes import competence_blockers, independence_blockers
from assays.services.reviewing import APPROVE, move_tests, result_lines
from lims.accounts.models import SignatureMeaning, User
from lims.accounts.signing import canonical_bytes, content_hash, sign
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocker, refuse_if
from lims.core.roles import Action, require


def authorisation_content(run: Run) -> dict[str, Any]:
    """Exactly what a signatory signs."""
    decision = run.decisions.filter(decision=APPROVE).order_by("-decided_at").first()
    return {
        "act": "authorise",
        "run": run.code,
        "method": str(run.method_version),
        "review": str(decision.signature_id) if decision else "",
        "results": result_lines(run),
    }


def authorise_blockers(run: Run, by: Any) -> list[Blocker]:
    """Why this person cannot authorise this run's results now; the button shows it."""
    found = RUN.blockers(run, "authorise")
    if run.state == "authorised":
        found = [Blocker("authorised_already", f"The results of run {run.code} are authorised already.")]
    found += independence_blockers(run, by, "authorise")
    decision = run.decisions.filter(decision=APPROVE).order_by("-decided_at").first()
    if decision and decision.decided_by_id == by.pk and not run.method_version.reviewer_may_authorise:
        found.append(Blocker("own_review", "You reviewed this run, so you cannot authorise it. Another signatory does."))
    return found + competence_blockers(run, by, "authorise")


def authorise_results(*, run: Run, password: str, by: User, shown_hash: str | None = None, at: datetime | None = None) -> Authorisation:
    """Authorise all current results of a reviewed run, with an electronic signature over `authorisation_content`."""
    require(by, Action.RESULT_AUTHORISE)
    with acting(by, "results authorised"), transaction.atomic():
        run = Run.objects.select_for_update(of=("self",)).select_related("method_version__method").get(pk=run.pk)
        refuse_if(authorise_blockers(run, by))
        content = authorisation_content(run)
        signature = sign(by=by, password=password, meaning=SignatureMeaning.AUTHORISATION, content=content, shown_hash=shown_hash)
        moment = at or clock.now()
        made = Authorisation.objects.create(
            laboratory_id=run.laboratory_id,
            run=run,
            signature=signature,
            content=canonical_bytes(content),
            content_hash=content_hash(content),
            authorised_at=moment,
        )
        versions = [line["id"] for line in content["results"]]
        AuthorisedResult.objects.bulk_create(AuthorisedResult(authorisation=made, result_version_id=version) for version in versions)
        Result.objects.filter(current__in=versions).update(authorised=F("current"), authorised_at=moment)
        move_tests(run, "authorise", moment)
        run.state, run.authorised_at = RUN.target(run, "authorise"), moment
        run.save(update_fields=["state", "authorised_at"])
    return made


def shown_hash_of(run: Run) -> str:
    """The hash a page shows beside the signature, so that a stale page is refused."""
    return content_hash(authorisation_content(run))
