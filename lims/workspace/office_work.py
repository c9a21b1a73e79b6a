"""What waits for an administrator."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from assays.instruments.models import Instrument
from lims.accounts.models import ApiToken, User
from lims.core import clock
from lims.jobs.models import Job, JobState
from lims.workspace.work import Entry, WorkItem, address, ask

SOON = timedelta(days=30)
"""How long before their end tokens and calibrations are shown."""


def jobs_failed(user: Any) -> WorkItem:
    """Work in the background that ended in an error."""
    rows = Job.objects.visible_to(user).filter(state=JobState.FAILED)
    return WorkItem(
        _("Failed jobs"),
        _("Read why, remove the cause, send them again"),
        address("jobs:jobs", state=JobState.FAILED.value),
        ask(rows, since="created_at", show=lambda one: Entry(one.kind, address("jobs:job", one.pk))),
        alarm=True,
    )


def temporary_passwords(user: Any) -> WorkItem:
    """People who have not chosen a password of their own."""
    rows = User.objects.visible_to(user).filter(must_change_password=True, is_active=True)
    return WorkItem(
        _("Temporary passwords"),
        _("People who have not signed in and chosen their own yet"),
        address("accounts:people", state="temporary"),
        ask(rows, since="date_joined", show=lambda one: Entry(one.full_name, address("accounts:person", one.pk))),
    )


def tokens_ending(user: Any) -> WorkItem:
    """Tokens whose programs will be refused soon."""
    now = clock.now()
    rows = ApiToken.objects.live(now).filter(expires_at__lt=now + SOON).select_related("user")
    return WorkItem(
        _("Tokens that end soon"),
        _("Within thirty days; their owners make new ones"),
        address("accounts:people"),
        ask(rows, due="expires_at", show=lambda one: Entry(one.name, address("accounts:person", one.user_id))),
    )


def calibrations_due(user: Any) -> WorkItem:
    """Instruments whose calibration ends: without one nothing they measured is authorised."""
    until = clock.today() + SOON
    rows = Instrument.objects.visible_to(user).filter(active=True, calibration_due__lt=until)
    return WorkItem(
        _("Calibrations due"),
        _("Within thirty days or past; without one their results are not released"),
        address("instruments:instruments"),
        ask(rows, due="calibration_due", show=lambda one: Entry(one.code, address("instruments:instrument", one.code))),
    )
