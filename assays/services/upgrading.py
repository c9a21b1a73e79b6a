"""Asking a classical method for what turned out too rich: a test of its own in the same submission."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from assays.models import MethodVersion, Run, Submission, SubmissionTest
from assays.selectors.high_grade import methods_for_high_grade, propose_high_grade
from assays.services.routing import choose_routes
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocked, Blocker, Invalid, Problem
from lims.core.roles import Action, require
from lims.core.scope import fetch_visible


def ask_high_grade(
    *, run: Run, method_version: MethodVersion, samples: Sequence[str], by: Any, at: datetime | None = None
) -> list[SubmissionTest]:
    """Add a test by a classical method for samples (blind codes) the run proposes; each takes that method's preparation route.

    Raises `Invalid('method')` for a version that is no classical one in force, `Blocked('not_proposed')` for a sample that is not rich
    enough or has such a test already.
    """
    require(by, Action.RUN_EDIT)
    now = at or clock.now()
    if method_version.pk not in {one.method_version_id for one in methods_for_high_grade()}:
        detail = f"{method_version} is no method for high grades in force. Choose one of those listed."
        raise Invalid("method", detail, problems=[Problem("/method", "method", detail)])
    with transaction.atomic(), acting(by, f"high grade, {run.code}"):
        locked = fetch_visible(Run, by, lock=True, pk=run.pk)
        proposed = {one.test.sample.blind_code: one.test for one in propose_high_grade(locked)}
        missing = [code for code in samples if code not in proposed]
        if missing or not samples:
            named = ", ".join(missing) or "No sample"
            raise Blocked(
                [Blocker("not_proposed", f"{named}: not proposed for a high-grade method, or asked already. Choose from the list.")]
            )
        submissions = {one.pk: one for one in Submission.objects.filter(pk__in=[proposed[code].submission_id for code in samples])}
        tests = [
            SubmissionTest(
                submission=submissions[proposed[code].submission_id],
                sample=proposed[code].sample,
                method_version=method_version,
                changed_at=now,
            )
            for code in dict.fromkeys(samples)
        ]
        choose_routes(tests=tests, laboratory=locked.laboratory, at=now)
        return SubmissionTest.objects.bulk_create(tests)
