"""Foundation tables and the abstract bases every model uses."""

from __future__ import annotations

import secrets
from functools import cache
from typing import Any, ClassVar, Self

import pghistory
import pghistory.trigger
import pgtrigger
from django.db import models
from django.db.models.functions import Now
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _

from lims.core.ids import uuid7


class Record(models.Model):
    """A row with a UUIDv7 key. Editable records are tracked by `history()`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        abstract = True

    def _get_FIELD_display(self, field: Any) -> Any:  # noqa: N802  # Django's own name
        """The word for a choice. Django's way hashes, and so translates, all the words of a field to find one: a third of a long list."""
        value = getattr(self, field.attname)
        return force_str(_words_of(field).get(value, value), strings_only=True)


@cache
def _words_of(field: Any) -> dict[Any, Any]:
    return dict(field.flatchoices)


class AppendOnly(Record):
    """A row that is never changed or removed: the database refuses UPDATE, DELETE and TRUNCATE (`database_policy`), whoever asks."""

    class Meta:
        abstract = True


class BulkForeignKey(models.ForeignKey):  # type: ignore[type-arg]
    """A reference of rows that are written by the thousand. The database checks the references of one statement together
    (`database_policy`), where a constraint would look up each row's; a reference that is written never changes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "db_constraint": False})


class _InsertedRows(pghistory.trigger.Event):
    """Keeps all rows of an INSERT or COPY by one statement: a trigger for each row doubles the cost of a bulk write."""

    level = pghistory.Statement

    def get_func(self, model: Any) -> Any:
        """The library's statement without the context's own row: here the context stands in each version."""
        made: Any = super().get_func(model)  # type: ignore[no-untyped-call]
        own_row = ("WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) ", ", _pgh_attached_context")
        for part in own_row:
            made.func = made.func.replace(part, "")
        return made


class _Inserted(pghistory.InsertEvent):
    """A version for every new row."""

    def add_event_trigger(self, event_model: Any) -> None:
        kind: Any = _InsertedRows
        trigger = kind(event_model=event_model, label=self.label, name=self.trigger_name, row=self.row, operation=self.operation)
        pgtrigger.register(trigger)(event_model.pgh_tracked_model)


def history(*, exclude: list[str] | None = None) -> Any:
    """Class decorator: every version of the row is kept, also for bulk writes, with who and why from `acting()`."""
    return pghistory.track(_Inserted(), pghistory.UpdateEvent(), pghistory.DeleteEvent(), exclude=exclude)


class Installation(AppendOnly):
    """What this database is: its origin (part of every custody record) and whether it holds synthetic data. Written once."""

    singleton = models.BooleanField(default=True, unique=True, editable=False)
    origin = models.CharField(max_length=80, unique=True)
    synthetic = models.BooleanField()
    created_at = models.DateTimeField(db_default=Now())

    _cached: ClassVar[Self | None] = None

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(singleton=True), name="installation_is_one")]

    def __str__(self) -> str:
        return self.origin

    @classmethod
    def current(cls) -> Installation:
        """The mark of this database; the first call creates a real (not synthetic) one."""
        found = cls.objects.first()
        return found or cls.create(synthetic=False)

    @classmethod
    def create(cls, *, synthetic: bool) -> Installation:
        """Mark a new database, for ever."""
        prefix = "synthetic" if synthetic else "lims"
        return cls.objects.create(origin=f"{prefix}-{secrets.token_hex(8)}", synthetic=synthetic)


class CodeSequence(models.Model):
    """The last number given to each kind of code in each year. Locked while numbers are taken."""

    prefix = models.CharField(max_length=12)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["prefix", "year"], name="one_sequence_per_kind_and_year")]

    def __str__(self) -> str:
        return f"{self.prefix}-{self.year}: {self.last}"


class IdempotencyKey(models.Model):
    """The first answer to a caller's key, replayed when the same request comes again."""

    caller = models.CharField(max_length=80)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text=_("SHA-256 of method, path and body"))
    status = models.PositiveSmallIntegerField(null=True)
    body = models.BinaryField(null=True)
    is_sealed = models.BooleanField(default=False, db_default=False, help_text=_("The answer held a secret: its body is kept encrypted"))
    content_type = models.CharField(max_length=100, blank=True)
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="one_answer_per_key")]

    def __str__(self) -> str:
        return f"{self.caller} {self.key}"
