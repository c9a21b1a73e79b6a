"""Evidence files: pictures and PDF papers only, told by their content, kept as they came by their SHA-256."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from lims.core import clock
from lims.core.acting import acting
from lims.core.checking import check_record, refuse_member
from lims.core.errors import Blocked, Blocker, Forbidden
from lims.core.files import store_bytes
from lims.core.roles import Action, require
from samples.provenance.models import Evidence, Payment, ProvenanceRecord
from samples.services.photographing import TooLarge, read_picture

MOST_BYTES = 15 * 2**20
MOST_FILES = 100
PDF = "application/pdf"


def add_evidence(
    *,
    record: ProvenanceRecord,
    data: bytes,
    kind: str,
    caption: str = "",
    file_name: str = "",
    payment: Payment | None = None,
    by: Any,
    at: datetime | None = None,
) -> Evidence:
    """Keep a file that shows something of the record, or of one of its payments. The same bytes again are the same evidence.

    Raises `Invalid('evidence')` for anything but a JPEG, PNG or WebP picture or a PDF, whatever its name says, and `TooLarge` beyond 15 MB.
    """
    require(by, Action.PROVENANCE_EDIT)
    if record.owner_id != by.organisation_id:
        raise Forbidden("not_owner", f"Record {record.code} belongs to {record.owner}; only its people add evidence.")
    if payment is not None and payment.record_id != record.pk:
        raise refuse_member("payment", "unknown_payment", "This payment belongs to another record. Choose one of this record.")
    content_type = tell_content_type(data)
    stored = store_bytes("evidence", data)
    with transaction.atomic(), acting(by, "evidence added"):
        ProvenanceRecord.objects.select_for_update().get(pk=record.pk)
        found = record.evidence.filter(sha256=stored.sha256, payment=payment).first()
        if found is not None:
            return found
        if record.evidence.count() >= MOST_FILES:
            raise Blocked([Blocker("too_many_files", f"There are {MOST_FILES} files already; no more are kept with one record.")])
        one = Evidence(
            record=record,
            payment=payment,
            kind=kind,
            sha256=stored.sha256,
            size=len(data),
            content_type=content_type,
            file_name=_plain_name(file_name),
            caption=caption.strip(),
            added_by=by,
            added_at=at or clock.now(),
        )
        if not (one.caption or "x").isprintable():
            raise refuse_member("caption", "unprintable", "A caption is one line of printable characters. Type it again.")
        check_record(one, exclude={"record", "payment", "added_by"})
        one.save(force_insert=True)
    return one


def tell_content_type(data: bytes) -> str:
    """`application/pdf` or the type of the picture, by what the bytes are. Pictures are decoded whole; a PDF must begin and end as one."""
    if len(data) > MOST_BYTES:
        raise TooLarge("evidence_too_large", f"The file is larger than {MOST_BYTES // 2**20} MB. Send a smaller scan.")
    if data.startswith(b"%PDF-"):
        if b"%%EOF" not in data[-2048:]:
            raise refuse_member("file", "evidence", "This PDF is cut off: its end is missing. Make the file again and send it whole.")
        return PDF
    try:
        return read_picture(data)[0]
    except TooLarge:
        raise
    except Exception as error:
        detail = (
            "This is neither a picture (JPEG, PNG, WebP) nor a PDF that can be read, whatever its name says. Send a photograph or a scan."
        )
        raise refuse_member("file", "evidence", detail) from error


def _plain_name(name: str) -> str:
    """The last part of what the sender called it, printable, for people alone: no path is ever made of it."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(sign for sign in last if sign.isprintable())[:120]
