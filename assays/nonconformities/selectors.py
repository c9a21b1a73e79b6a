"""Nonconformities as lists, pages and the API show them."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils.translation import gettext as _

from assays.models import Run
from assays.nonconformities.lifecycle import NonconformityState
from assays.nonconformities.models import Nonconformity, NonconformityLink, Notice
from lims.core import clock
from lims.core.codes import normalise
from lims.core.scope import fetch_visible

Badge = tuple[str, Any]
_TONES = {
    NonconformityState.OPEN: "fail",
    NonconformityState.EVALUATED: "warn",
    NonconformityState.ACTING: "wait",
    NonconformityState.DONE: "wait",
    NonconformityState.CLOSED: "none",
}
LINKED = ("run__method_version__method", "result__result__sample", "result__result__analyte", "sample", "lot", "equipment")
LINKED_MORE = ("instrument", "material", "certificate", "added_by")


def overdue(today: Any = None) -> Q:
    """Those whose corrective action should have been taken."""
    return Q(state=NonconformityState.ACTING, action_due__lt=today or clock.today())


def select_nonconformities(viewer: Any) -> QuerySet[Nonconformity]:
    """The viewer's, with `rank`: 0 overdue, 1 open, 2 closed."""
    rank = Case(
        When(overdue(), then=Value(0)), When(state=NonconformityState.CLOSED, then=Value(2)), default=Value(1), output_field=IntegerField()
    )
    rows: QuerySet[Nonconformity] = Nonconformity.objects.visible_to(viewer).annotate(rank=rank)
    return rows.select_related("laboratory", "reported_by", "action_owner", "override", "closing_signature")


def fetch_nonconformity(viewer: Any, code: str) -> Nonconformity:
    """One within the viewer's scope, or `NotFound`."""
    return fetch_visible(Nonconformity, viewer, queryset=select_nonconformities(viewer), code=normalise(code))


def select_open(viewer: Any) -> QuerySet[Nonconformity]:
    """Those that are not closed."""
    rows: QuerySet[Nonconformity] = Nonconformity.objects.visible_to(viewer).exclude(state=NonconformityState.CLOSED)
    return rows


def of_run(run: Run, viewer: Any) -> list[dict[str, Any]]:
    """Those a run is linked to, the newest first."""
    rows = select_nonconformities(viewer).filter(links__run=run).distinct().order_by("-id")
    return [{"record": one, "badge": badge_of(one)} for one in rows]


def badge_of(record: Nonconformity) -> Badge:
    """How it stands; overdue is said before the state."""
    if record.state == NonconformityState.ACTING and record.action_due is not None and record.action_due < clock.today():
        return "fail", _("overdue since %(day)s") % {"day": f"{record.action_due:%d %b %Y}"}
    state = NonconformityState(record.state)
    return _TONES[state], state.label


def links_of(record: Nonconformity, viewer: Any) -> list[dict[str, Any]]:
    """What it is linked to: kind, name, address."""
    rows = record.links.select_related(*LINKED, *LINKED_MORE)
    return [{"kind": one.kind, "label": _KINDS[one.kind]()} | _named(one, viewer) for one in rows]


_KINDS = {
    "run": lambda: _("run"),
    "result": lambda: _("result"),
    "sample": lambda: _("sample"),
    "lot": lambda: _("lot"),
    "equipment": lambda: _("equipment"),
    "instrument": lambda: _("instrument"),
    "material": lambda: _("reference material"),
    "certificate": lambda: _("certificate"),
}


def _named(link: NonconformityLink, viewer: Any) -> dict[str, str]:
    if link.run is not None:
        named = {"name": link.run.code, "detail": str(link.run.method_version), "url": reverse("assays:run", args=[link.run.code])}
        return named | {"state": link.run.state}
    if link.result is not None:
        head = link.result.result
        return {"name": head.sample.code_for(viewer), "detail": f"{head.analyte.symbol} {link.result}", "url": ""}
    if link.sample is not None:
        code = link.sample.code_for(viewer)
        return {"name": code, "detail": "", "url": reverse("samples:sample", args=[code])}
    if link.certificate is not None:
        return {"name": link.certificate.number, "detail": "", "url": reverse("reports:certificate", args=[link.certificate.number])}
    if link.material is not None:
        return {"name": link.material.code, "detail": link.material.matrix, "url": reverse("assays:material", args=[link.material.code])}
    thing = link.lot or link.equipment or link.instrument
    return {"name": thing.code if thing else "", "detail": thing.name if thing else "", "url": ""}


def nonconformity_row(record: Nonconformity) -> dict[str, Any]:
    """One as the API and the file show it in a list."""
    return {
        "code": record.code,
        "state": record.state,
        "source": record.source,
        "title": record.title,
        "significance": record.significance or None,
        "found_on": record.found_on.isoformat(),
        "reported_by": str(record.reported_by),
        "reported_at": record.reported_at.isoformat(),
        "work_stopped": bool(record.work_stopped and record.resumed_at is None),
        "action_owner": str(record.action_owner) if record.action_owner else None,
        "action_due": record.action_due.isoformat() if record.action_due else None,
        "overdue": record.rank == 0,  # type: ignore[attr-defined]
        "closed_at": record.closed_at.isoformat() if record.closed_at else None,
    }


def nonconformity_detail(record: Nonconformity, viewer: Any) -> dict[str, Any]:
    """One in full."""
    notes = record.notes.select_related("by")
    return nonconformity_row(record) | {
        "what_happened": record.what_happened,
        "evaluation": record.evaluation,
        "may_recur": record.may_recur,
        "notify_customers": record.notify_customers,
        "resumed_at": record.resumed_at.isoformat() if record.resumed_at else None,
        "root_cause": record.root_cause,
        "action": record.action,
        "action_done_at": record.action_done_at.isoformat() if record.action_done_at else None,
        "effective": record.effective,
        "effect": record.effect,
        "override": bool(record.override_id),
        "links": [{"kind": one["kind"], "name": one["name"], "detail": one["detail"]} for one in links_of(record, viewer)],
        "notes": [{"text": one.text, "by": str(one.by), "at": one.at.isoformat()} for one in notes],
        "notices": [
            {"id": str(one.pk), "customer": one.customer.code, "subject": one.subject, "sent_at": one.sent_at.isoformat()}
            for one in record.notices.select_related("customer")
        ],
    }


def select_notices(viewer: Any) -> QuerySet[Notice]:
    """The notices within the viewer's scope, with all a row shows."""
    rows: QuerySet[Notice] = Notice.objects.visible_to(viewer)
    return rows.select_related("customer", "laboratory", "nonconformity", "acknowledgement__by", "sent_by").prefetch_related(
        "named__certificate"
    )


def select_unread(viewer: Any) -> QuerySet[Notice]:
    """The notices to the viewer's own organisation that nobody acknowledged."""
    return Notice.objects.filter(customer=viewer.organisation_id, acknowledgement=None)


def notice_row(notice: Notice, viewer: Any) -> dict[str, Any]:
    """One as the API and the file show it. The laboratory's own code of the nonconformity stays with the laboratory."""
    read = getattr(notice, "acknowledgement", None)
    own = viewer.organisation_id == notice.laboratory_id
    return {
        "id": str(notice.pk),
        "laboratory": notice.laboratory.code,
        "customer": notice.customer.code,
        "nonconformity": notice.nonconformity.code if own else None,
        "subject": notice.subject,
        "text": notice.text,
        "certificates": [one.certificate.number for one in notice.named.all()],
        "sent_at": notice.sent_at.isoformat(),
        "acknowledged_at": read.at.isoformat() if read else None,
    }
