"""The kinds of custody event, for everyone: the tables themselves are the ledger's alone."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class EventKind(models.TextChoices):
    """What happened to one sample."""

    COLLECTED = "collected", _("collected")
    SEALED = "sealed", _("sealed")
    PACKED = "packed", _("packed")
    UNPACKED = "unpacked", _("unpacked")
    DISPATCHED = "dispatched", _("dispatched")
    PASSED = "passed", _("passed on its way")
    RELINQUISHED = "relinquished", _("relinquished")
    ACKNOWLEDGED = "acknowledged", _("acknowledged")
    RECEIVED = "received", _("received")
    REFUSED = "refused", _("refused")
    LOST = "lost", _("lost")
    FOUND = "found", _("found")
    SCREENED = "screened", _("screened for radiation")
    OPENED = "opened", _("opened")
    SPLIT = "split", _("split")
    COMPOSITED = "composited", _("composited")
    CONSUMED = "consumed", _("consumed")
    RESEALED = "resealed", _("resealed")
    STORED = "stored", _("stored")
    MOVED = "moved", _("moved")
    TAKEN_OUT = "taken_out", _("taken out of its position")
    PROGRESSED = "progressed", _("taken a step further in the laboratory")
    DISCREPANCY = "discrepancy", _("discrepancy")
    SETTLED = "settled", _("discrepancy settled")
    HOLD = "hold", _("put on hold")
    RELEASE = "release", _("released from hold")
    DISPOSED = "disposed", _("disposed of")
    RETURNED = "returned", _("returned")
    CORRECTED = "corrected", _("record corrected")
