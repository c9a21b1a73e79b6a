"""What follows from a recall: nonconforming work linked to all of it, samples on hold, customers told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model, Q

from assays.models import Submission
from assays.nonconformities.models import Nonconformity, NonconformityNote, Notice, NoticeAcknowledgement, NoticeCertificate
from assays.nonconformities.recalls import Recall
from assays.nonconformities.services.reporting import Finding, report_nonconformity
from assays.reports.models import Certificate
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocked, Blocker, Invalid, Problem
from lims.core.roles import Action, require
from lims.core.scope import fetch_visible
from samples.lifecycle import SampleState
from samples.models import Sample
from samples.models.samples import HoldKind
from samples.services.holding import open_holds
from samples.services.locking import lock_samples

_GONE = [SampleState.DISPOSED, SampleState.RETURNED, SampleState.LOST]


def open_recall(
    *, found: Recall, thing: Model | None, source: str, title: str, what_happened: str, by: Any, at: datetime | None = None
) -> Nonconformity:
    """Open a nonconformity linked to the thing and to every run and certificate the recall found."""
    touches = (*([thing] if thing is not None else []), *found.runs.values(), *found.certificates)
    unique = tuple({(type(one), one.pk): one for one in touches}.values())
    moment = at or clock.now()
    return report_nonconformity(finding=Finding(source, title, what_happened, clock.today(), unique), by=by, at=moment)


def affected_samples(record: Nonconformity) -> Iterable[Any]:
    """The ids of samples a nonconformity touches: those it names and those of its runs, as far as they are still there."""
    named = Q(nonconformity_links__nonconformity=record)
    measured = Q(tests__aliquots__positions__run__nonconformity_links__nonconformity=record)
    return Sample.objects.filter(named | measured).exclude(state__in=_GONE).order_by("pk").values_list("pk", flat=True).distinct()


def hold_affected(*, record: Nonconformity, by: Any, at: datetime | None = None) -> int:
    """Put every sample it touches on hold for quality: none of its results is reviewed, released or certified until the hold is released.
    Says how many are newly held; what is on such a hold already stays as it is. Raises `Blocked('nothing_to_hold')`."""
    require(by, Action.NONCONFORMITY_MANAGE)
    require(by, Action.SAMPLE_HOLD)
    moment = at or clock.now()
    reason = f"Nonconforming work {record.code}: {record.title}"
    with acting(by, reason), transaction.atomic():
        record = fetch_visible(Nonconformity, by, lock=True, pk=record.pk)
        samples = lock_samples(list(affected_samples(record)))
        holds = open_holds([one.pk for one in samples], kind=HoldKind.QUALITY, reason=reason, by=by, at=moment)
        if not holds:
            sentence = f"No sample that {record.code} touches is left to hold: they are on hold for quality, or no longer here."
            raise Blocked([Blocker("nothing_to_hold", sentence)])
        NonconformityNote.objects.create(nonconformity=record, text=f"{len(holds)} samples put on hold.", by=by, at=moment)
    return len(holds)


def customers_of(record: Nonconformity) -> dict[Any, list[Certificate]]:
    """The customers it touches, each with the certificates of theirs that are named; a customer whose results were measured and not yet
    reported has none."""
    papers = Certificate.objects.filter(nonconformity_links__nonconformity=record).select_related("submission__customer").order_by("id")
    found: dict[Any, list[Certificate]] = {}
    for paper in papers:
        found.setdefault(paper.submission.customer, []).append(paper)
    runs = Q(tests__aliquots__positions__run__nonconformity_links__nonconformity=record)
    samples = Q(tests__sample__nonconformity_links__nonconformity=record, laboratory=record.laboratory_id)
    for submission in Submission.objects.filter(runs | samples).select_related("customer").distinct():
        found.setdefault(submission.customer, [])
    return found


def notify_customers(*, record: Nonconformity, subject: str, text: str, by: Any, at: datetime | None = None) -> list[Notice]:
    """Tell every customer it touches, each with its own certificates; what was sent is kept as it was sent.

    Raises `Invalid` without words, `Blocked('nobody_to_tell')` where no customer is touched.
    """
    require(by, Action.NONCONFORMITY_MANAGE)
    problems = [
        Problem(f"/{name}", "missing", "Write what the customer has to know and to do.")
        for name, words in (("subject", subject), ("text", text))
        if not words.strip()
    ]
    if problems:
        raise Invalid("missing", problems[0].detail, problems=problems)
    moment = at or clock.now()
    with acting(by, subject), transaction.atomic():
        record = fetch_visible(Nonconformity, by, lock=True, pk=record.pk)
        customers = customers_of(record)
        if not customers:
            sentence = f"{record.code} touches no customer's work. Link the runs or certificates it is about first."
            raise Blocked([Blocker("nobody_to_tell", sentence)])
        return [_send(record, customer, papers, subject.strip(), text.strip(), by, moment) for customer, papers in customers.items()]


def _send(record: Nonconformity, customer: Any, papers: list[Certificate], subject: str, text: str, by: Any, moment: datetime) -> Notice:
    notice = Notice.objects.create(
        nonconformity=record, laboratory_id=record.laboratory_id, customer=customer, subject=subject, text=text, sent_by=by, sent_at=moment
    )
    NoticeCertificate.objects.bulk_create(NoticeCertificate(notice=notice, certificate=one) for one in papers)
    return notice


def acknowledge_notice(*, notice: Notice, by: Any, at: datetime | None = None) -> NoticeAcknowledgement:
    """The customer says that it has read it. Raises `Blocked('acknowledged_already')`."""
    require(by, Action.NOTICE_ACKNOWLEDGE)
    with acting(by, "notice read"), transaction.atomic():
        notice = fetch_visible(Notice, by, pk=notice.pk)
        made, new = NoticeAcknowledgement.objects.get_or_create(notice=notice, defaults={"by": by, "at": at or clock.now()})
        if not new or notice.customer_id != by.organisation_id:
            raise Blocked([Blocker("acknowledged_already", "It was acknowledged already, or is another organisation's to acknowledge.")])
    return made
