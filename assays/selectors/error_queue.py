"""What waits for a person: uploads that could not be read, placed or confirmed, and messages that were refused."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from assays.instruments.models import Attempt, RefusedMessage, Upload
from assays.selectors.uploads import error_queue


def refused_messages(viewer: Any) -> QuerySet[Any]:
    """The viewer's refused messages with `is_open`: neither taken nor dismissed, nor sent again and taken with the same bytes."""
    settled = Attempt.objects.filter(message=OuterRef("pk"), settled=True)
    taken = Upload.objects.filter(instrument=OuterRef("instrument"), sha256=OuterRef("sha256"))
    rows: QuerySet[Any] = RefusedMessage.objects.visible_to(viewer).select_related("instrument")
    found: QuerySet[Any] = rows.annotate(is_open=~Exists(settled) & ~Exists(taken))
    return found


def select_waiting(viewer: Any) -> QuerySet[Any]:
    """The keys of the uploads and messages that wait."""
    uploads = error_queue(viewer).order_by().values("pk")
    messages = refused_messages(viewer).filter(is_open=True).order_by().values("pk")
    return uploads.union(messages, all=True)


def count_waiting(viewer: Any) -> int:
    """How many uploads and messages wait, by one query."""
    return select_waiting(viewer).count()


def message_data(message: Any) -> dict[str, Any]:
    """A refused message of `refused_messages`, for a file."""
    return {
        "id": str(message.pk),
        "received_at": message.received_at.isoformat(),
        "instrument": message.instrument.code,
        "code": message.code,
        "message": message.message,
        "sha256": message.sha256,
        "size": message.size,
        "state": "waits" if message.is_open else "settled",
    }


def attempts_of(thing: Upload | RefusedMessage) -> list[Attempt]:
    """What was tried with it, the newest first."""
    return list(thing.attempts.select_related("by", "made")[:20])
