"""What is written stays known: history, or append-only, or a reason why not."""

from __future__ import annotations

import re

import pghistory.models
import pytest
from django.apps import apps
from django.core.management import call_command

from lims.core.database_policy import DELETABLE, is_append_only
from tests.architecture.code import PACKAGES, ROOT

# Rows that change without history, each for a reason.
_UNTRACKED = {
    "core.CodeSequence": "a counter; the codes it gave stand on their records",
    "core.IdempotencyKey": "an answer kept for a retry, and let go of later",
    "jobs.Job": "progress and leases change many times a minute; what a job makes has its own record",
    "webhooks.WebhookDelivery": "moves on with every attempt, and the attempts are append-only",
    "jobs.Tick": "when the scheduler last lived",
    "custody.Unsequenced": "a queue: what leaves it stands as a leaf of the log",
    "custody.CustodyHead": "the end of a chain of append-only events, which tell its past",
    "assays.Result": "the pointer to a current version among append-only versions",
}


def test_every_model_has_history_or_is_append_only_or_says_why_not() -> None:
    models = [model for model in apps.get_models() if model.__module__.split(".")[0] in PACKAGES]
    events = [model for model in models if issubclass(model, pghistory.models.Event)]
    tracked = {model.pgh_tracked_model for model in events}
    without = {model._meta.label for model in models if not is_append_only(model) and model not in tracked}
    assert without == set(_UNTRACKED)


def test_what_may_be_deleted_is_nothing_that_was_measured_held_or_signed() -> None:
    append_only = {model._meta.db_table for model in apps.get_models() if is_append_only(model)}
    assert not DELETABLE & append_only
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    assert tables >= DELETABLE


def test_every_migration_is_named_for_what_it_does() -> None:
    names = [path.stem for package in PACKAGES for path in (ROOT / package).rglob("migrations/[0-9]*.py")]
    assert len(names) >= 8
    assert not [name for name in names if not re.fullmatch(r"\d{4}_[a-z][a-z0-9_]+", name) or "_auto_" in name]


@pytest.mark.django_db
def test_migrations_are_up_to_date_with_the_models() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
