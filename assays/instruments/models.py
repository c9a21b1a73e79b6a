"""Instruments, their tokens, and what they sent: uploads, rows and raw readings."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lims.accounts.models import TokenFields
from lims.core.models import AppendOnly, Record, history
from lims.core.roles import INSTRUMENT, LABORATORY_ROLES, Role


class ExactNumber(models.DecimalField):  # type: ignore[type-arg]
    """A number with every digit it came with: `numeric` without a scale, so nothing is rounded on its way in."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **(options | {"max_digits": 700, "decimal_places": 350}))

    def db_type(self, connection: Any) -> str:
        return "numeric"


class InstrumentQuerySet(models.QuerySet["Instrument"]):
    """Instruments by viewer."""

    def visible_to(self, user: Any) -> InstrumentQuerySet:
        if user.role in {Role.ADMINISTRATOR, Role.OFFICIAL}:
            return self
        if user.role in LABORATORY_ROLES:
            return self.filter(laboratory=user.organisation_id)
        return self.none()

    def measuring(self) -> InstrumentQuerySet:
        """Those that measure runs."""
        return self.exclude(technique__in=[BALANCE, BARCODE_READER])


BALANCE, BARCODE_READER = "balance", "barcode reader"
"""Techniques of instruments that measure no run: one weighs, one reads labels."""


@history(exclude=["last_heartbeat_at", "clock_skew_s", "agent", "agent_waiting"])
class Instrument(Record):
    """A measuring instrument of a laboratory. With a token it is a caller of its own with the role `instrument`."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    laboratory = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="instruments")
    technique = models.CharField(max_length=40, default="ICP-MS")
    serial = models.CharField(max_length=60, blank=True)
    calibration_due = models.DateField(null=True, blank=True)
    default_unit = models.CharField(
        max_length=20, blank=True, help_text=_("The unit of concentrations in its files that state none; a unit in the file comes first")
    )
    active = models.BooleanField(default=True)
    last_heartbeat_at = models.DateTimeField(null=True, blank=True)
    clock_skew_s = models.FloatField(null=True, blank=True, help_text=_("Its clock minus ours when it last said its time, in seconds"))
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("Who stands at the balance: what it sends counts as this person's weighing"),
    )
    operator_until = models.DateTimeField(null=True, blank=True)
    agent = models.CharField(max_length=80, blank=True, help_text=_("The program that sent the last sign of life"))
    agent_waiting = models.PositiveIntegerField(null=True, blank=True, help_text=_("Files that program had not yet sent"))

    objects = InstrumentQuerySet.as_manager()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code

    # What a caller must answer (see core.roles.allowed).
    role = INSTRUMENT
    is_authenticated = True
    is_anonymous = False

    @property
    def measures(self) -> bool:
        """Whether runs are planned on it."""
        return self.technique not in {BALANCE, BARCODE_READER}

    @property
    def is_active(self) -> bool:
        return self.active

    @property
    def organisation_id(self) -> Any:
        return self.laboratory_id

    def get_username(self) -> str:
        return self.code


@history(exclude=["digest", "last_used_at"])
class InstrumentToken(TokenFields):
    """An instrument's token."""

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="tokens")


class UploadState(models.TextChoices):
    """Where an upload stands."""

    READING = "reading", _("is being read")
    UNREADABLE = "unreadable", _("cannot be read")
    WAITING = "waiting", _("waits for a person")
    RECORDED = "recorded", _("recorded")
    WITHDRAWN = "withdrawn", _("withdrawn")


class UploadQuerySet(models.QuerySet["Upload"]):
    """Uploads by viewer; an instrument sees its own."""

    def visible_to(self, user: Any) -> UploadQuerySet:
        if user.role == INSTRUMENT:
            return self.filter(instrument=user)
        if user.role == Role.ADMINISTRATOR:
            return self
        if user.role in LABORATORY_ROLES:
            return self.filter(laboratory=user.organisation_id)
        return self.none()


@history()
class Upload(Record):
    """Raw bytes from an instrument, kept by SHA-256. The same bytes from one instrument are one upload, whichever door they came by."""

    laboratory = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False)
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="uploads", db_index=False)
    sha256 = models.CharField(max_length=64)
    file_name = models.CharField(max_length=255)
    size = models.PositiveIntegerField()
    format = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=10, choices=UploadState)
    run = models.ForeignKey("assays.Run", null=True, blank=True, on_delete=models.PROTECT, related_name="uploads")
    error = models.TextField(blank=True)
    error_place = models.CharField(max_length=80, blank=True)
    notes = models.JSONField(default=list)
    stated_unit = models.CharField(
        max_length=20, blank=True, help_text=_("The unit a person said the concentrations have that the file gives without any")
    )
    unit_of_instrument = models.BooleanField(
        default=False, help_text=_("Whether the stated unit is the instrument's setting and no person's word")
    )
    mapping = models.ForeignKey("instruments.MappingVersion", null=True, on_delete=models.PROTECT, related_name="uploads")
    job = models.ForeignKey(
        "jobs.Job", null=True, on_delete=models.PROTECT, related_name="+", help_text=_("Reads it, where it is too large to wait for")
    )
    replaced_by = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="replaces", help_text=_("The same bytes read again, with other cells")
    )
    received_at = models.DateTimeField()
    received_from = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(blank=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["instrument", "sha256"], condition=Q(replaced_by=None), name="bytes_one_upload_not_replaced")
        ]
        indexes = [
            models.Index(fields=["laboratory", "-id"], name="uploads_of_laboratory"),
            models.Index(fields=["laboratory", "-id"], condition=Q(state__in=["waiting", "unreadable"]), name="uploads_undecided"),
        ]

    def __str__(self) -> str:
        return self.file_name


class RowOutcome(models.TextChoices):
    """What became of one row of a file."""

    MATCHED = "matched", _("matched")
    CONTROL = "control", _("control, recognised")
    CALIBRATION = "calibration", _("calibration")
    PARKED = "parked", _("parked for a person")
    IGNORED = "ignored", _("set aside by a person")


@history()
class UploadRow(Record):
    """One acquisition in a file: its label as text, what it was taken for, and the position it belongs to once that is known."""

    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, related_name="rows", db_index=False)
    index = models.PositiveIntegerField(help_text=_("Order in the file, from 1"))
    sheet = models.CharField(max_length=80, blank=True)
    row = models.PositiveIntegerField(null=True)
    label = models.CharField(max_length=200)
    vial = models.CharField(max_length=40, blank=True)
    total_dilution = ExactNumber(null=True, help_text=_("The factor the file's concentrations already carry"))
    type = models.CharField(max_length=40, blank=True)
    kind = models.CharField(
        max_length=10, default="unknown", help_text=_("What it was taken for: sample, blank, standard, control, unknown")
    )
    outcome = models.CharField(max_length=12, choices=RowOutcome)
    reason = models.TextField(blank=True)
    warnings = models.JSONField(default=list)
    position = models.ForeignKey("assays.RunPosition", null=True, blank=True, on_delete=models.PROTECT, related_name="upload_rows")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    acquired_at = models.CharField(max_length=60, blank=True, help_text=_("Text as the file has it"))

    class Meta:
        ordering = ["index"]
        constraints = [models.UniqueConstraint(fields=["upload", "index"], name="row_once_per_upload")]
        indexes = [models.Index(fields=["upload"], condition=Q(outcome="parked"), name="rows_parked")]

    def __str__(self) -> str:
        return f"{self.upload} {self.label}"


class Reading(AppendOnly):
    """One cell of a raw file: its text, the number it is (null when it is none), and where it stood. Never changed, never recomputed."""

    row = models.ForeignKey(UploadRow, on_delete=models.PROTECT, related_name="readings", db_index=False)
    sequence = models.PositiveIntegerField()
    analyte = models.CharField(max_length=12, help_text=_("Symbol as read; not every one is an analyte of the method"))
    isotope = models.CharField(max_length=64, blank=True)
    gas_mode = models.CharField(max_length=64, blank=True)
    quantity = models.CharField(max_length=64)
    unit = models.CharField(max_length=20, blank=True)
    raw = models.TextField()
    value = ExactNumber(null=True)
    qualifier = models.CharField(max_length=12, blank=True)
    internal_standard = models.BooleanField(default=False)
    replicate = models.PositiveSmallIntegerField(null=True)
    source_row = models.PositiveIntegerField(null=True, help_text=_("The row in the file or, for JSON, the reading's number"))
    column = models.CharField(max_length=12, blank=True)

    class Meta:
        ordering = ["row", "sequence"]
        constraints = [models.UniqueConstraint(fields=["row", "sequence"], name="reading_once_per_row")]

    def __str__(self) -> str:
        return f"{self.analyte} {self.raw} {self.unit}"

    @property
    def bound(self) -> str:
        """`<` or `>` where the number is a bound."""
        return self.qualifier if self.qualifier in {"<", ">"} else ""


class WeighingStep(models.TextChoices):
    """What a weight on a balance is of."""

    PORTION = "portion", _("test portion")
    MOISTURE_WET = "moisture_wet", _("moisture aliquot, before drying")
    MOISTURE_DRY = "moisture_dry", _("moisture aliquot, dried")
    STEP = "step", _("step of a preparation")


class Weight(AppendOnly):
    """One weight as a balance sent it, and what became of it: the aliquot or the preparation it was recorded in. A moisture aliquot's wet
    weight waits until its dry one names it (`wet`); one of a preparation's step until a person takes it there (`TakenWeight`)."""

    balance = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="weights", db_index=False)
    step = models.CharField(max_length=12, choices=WeighingStep)
    code = models.CharField(max_length=40, help_text=_("As scanned"))
    raw = models.CharField(max_length=80, help_text=_("The balance's line as it came"))
    value = ExactNumber()
    unit = models.CharField(max_length=2)
    mass_g = ExactNumber()
    measured_at = models.DateTimeField(null=True, help_text=_("By the balance's own clock"))
    received_at = models.DateTimeField()
    weighed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    sample = models.ForeignKey("samples.Sample", on_delete=models.PROTECT, related_name="+")
    route = models.CharField(max_length=120, blank=True)
    wet = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="dry")
    aliquot = models.ForeignKey("assays.Aliquot", null=True, on_delete=models.PROTECT, related_name="+")
    preparation = models.ForeignKey("assays.Preparation", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["balance", "measured_at", "code", "step"], condition=Q(measured_at__isnull=False), name="weighed_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.raw}"


class TakenWeight(AppendOnly):
    """That a person took a balance's weight into a step of a preparation: the weight stays as it came, beside what was recorded of it."""

    weight = models.OneToOneField(Weight, on_delete=models.PROTECT, related_name="taken")
    record = models.OneToOneField("assays.StepRecord", on_delete=models.PROTECT, related_name="taken_weight")
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    taken_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.weight} → {self.record}"


class OfLaboratory(models.QuerySet[Any]):
    """What a laboratory keeps for itself."""

    def visible_to(self, user: Any) -> OfLaboratory:
        if user.role in LABORATORY_ROLES:
            return self.filter(laboratory=user.organisation_id)
        return self.none()


class PatternKind(models.TextChoices):
    """What a name stands for."""

    BLANK = "blank", _("blank")
    STANDARD = "standard", _("calibration standard")
    CONTROL = "control", _("control")


@history()
class NamePattern(Record):
    """Names by which a laboratory recognises what is no sample, and a reference material by its other names. See `matching.compile_names`
    for how names are written; the first pattern in use that fits a name counts."""

    laboratory = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False)
    names = models.CharField(max_length=400)
    kind = models.CharField(max_length=10, choices=PatternKind)
    material = models.ForeignKey("assays.ReferenceMaterial", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    order = models.PositiveIntegerField()
    in_use = models.BooleanField(default=True)

    objects = OfLaboratory.as_manager()

    class Meta:
        ordering = ["order", "id"]
        indexes = [models.Index(fields=["laboratory", "order"], name="patterns_of_laboratory")]

    def __str__(self) -> str:
        return self.names


@history()
class Mapping(Record):
    """A layout of files that a laboratory taught. What it says stands in its versions; the newest reads new files."""

    laboratory = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=60)
    in_use = models.BooleanField(default=True)

    objects = OfLaboratory.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["laboratory", "name"], name="mapping_name_once")]

    def __str__(self) -> str:
        return self.name


class MappingVersion(AppendOnly):
    """What a mapping said from a moment on: `layout` is `parsers.mapped.Layout` as plain data. An upload keeps the version that read it."""

    mapping = models.ForeignKey(Mapping, on_delete=models.PROTECT, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    layout = models.JSONField()
    example = models.ForeignKey(Upload, null=True, on_delete=models.PROTECT, related_name="+", help_text=_("The file it was taught on"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["mapping", "number"], name="mapping_version_once")]

    def __str__(self) -> str:
        return f"{self.mapping} v{self.number}"


class RefusedMessage(AppendOnly):
    """Readings an instrument sent that were refused whole: the bytes by their SHA-256 and the answer that was given. The sender knows; this
    is so that nobody has to ask it."""

    laboratory = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False)
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="refused_messages", db_index=False)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    code = models.CharField(max_length=60)
    message = models.TextField()
    problems = models.JSONField(default=list, help_text=_("Pointer, code and sentence of each"))
    received_at = models.DateTimeField()

    objects = OfLaboratory.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["instrument", "sha256"], name="refused_bytes_once")]
        indexes = [models.Index(fields=["laboratory", "-id"], name="refused_of_laboratory")]

    def __str__(self) -> str:
        return f"{self.instrument} {self.received_at:%Y-%m-%d %H:%M} {self.code}"


class AttemptKind(models.TextChoices):
    """What a person did about something in the error queue."""

    REPLAYED = "replayed", _("replayed")
    DISMISSED = "dismissed", _("dismissed")


class Attempt(AppendOnly):
    """One try to mend what stands in the error queue: an upload read and placed again, a refused message taken again or dismissed.
    `settled` says that it no longer waits because of this."""

    upload = models.ForeignKey(Upload, null=True, on_delete=models.PROTECT, related_name="attempts")
    message = models.ForeignKey(RefusedMessage, null=True, on_delete=models.PROTECT, related_name="attempts")
    kind = models.CharField(max_length=10, choices=AttemptKind)
    settled = models.BooleanField()
    outcome = models.CharField(max_length=60, help_text=_("The state it left, or the code of the refusal"))
    sentence = models.TextField(blank=True)
    made = models.ForeignKey(Upload, null=True, on_delete=models.PROTECT, related_name="+", help_text=_("The upload that came of it"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(upload=None, message__isnull=False) | Q(upload__isnull=False, message=None), name="attempt_at_one_thing"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.outcome}"
