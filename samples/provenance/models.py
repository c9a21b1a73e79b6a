"""Provenance of a lot: where it came from, through whose hands, along which route, against which payments, and what shows it.

A lot is what one consignment or visit brought from one mine. The record and its parts are editable with their history; parts are struck
out, never removed; evidence, raised flags and assessments are append-only.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lims.core.models import AppendOnly, Record, history
from lims.core.roles import Role


class KnownAnswer(models.TextChoices):
    """An answer that may be missing."""

    YES = "yes", _("yes")
    NO = "no", _("no")
    UNKNOWN = "unknown", _("not known")


class ExtractionMethod(models.TextChoices):
    """How it was won."""

    IN_SITU = "in_situ_leach", _("in-situ leach, ammonium sulphate")
    HEAP = "heap_leach", _("heap or pond leach")
    OPEN_PIT = "open_pit", _("open pit")
    HARD_ROCK = "hard_rock", _("hard rock")
    TAILINGS = "tailings", _("tailings or stockpile")
    SAMPLING = "sampling_only", _("sampled by the team, nothing extracted")


class PartyRole(models.TextChoices):
    """What an intermediary did."""

    PRODUCER = "producer", _("producer")
    CONSOLIDATOR = "consolidator", _("consolidator")
    TRADER = "trader", _("trader")
    PROCESSOR = "processor", _("processor")
    TRANSPORTER = "transporter", _("transporter")
    WAREHOUSE = "warehouse", _("warehouse")
    BROKER = "broker", _("broker or agent")
    EXPORTER = "exporter", _("exporter")
    IMPORTER = "importer", _("importer")


class Identification(models.TextChoices):
    """What identifies an intermediary."""

    REGISTER = "register", _("company register")
    LICENCE = "licence", _("licence or permit")
    IDENTITY = "identity_document", _("identity document seen")
    KNOWN = "known_to_team", _("known to the team for years")
    DECLARED = "declared", _("own statement only")


class StageKind(models.TextChoices):
    """What a place of the route is."""

    MINE = "mine", _("mine")
    STORE = "store", _("store or depot")
    MARKET = "market", _("market or trading place")
    PLANT = "plant", _("processing plant")
    CHECKPOINT = "checkpoint", _("checkpoint")
    FERRY = "ferry", _("ferry or river landing")
    BORDER_POST = "border_post", _("border post")
    CUSTOMS = "customs", _("customs")
    LABORATORY = "laboratory", _("laboratory")


class PayeeKind(models.TextChoices):
    """What a payee is. Facts, not judgements: who stood at the checkpoint and took the money."""

    STATE = "state_authority", _("state authority")
    OFFICIAL = "official", _("official in person")
    ARMED_GROUP = "non_state_armed_group", _("non-state armed group or its administration")
    PUBLIC_SECURITY = "public_security", _("public security force")
    PRIVATE_SECURITY = "private_security", _("private security")
    PRODUCER = "producer", _("producer or operator")
    TRADER = "trader", _("trader")
    TRANSPORTER = "transporter", _("transporter")
    LANDOWNER = "landowner", _("landowner or community")
    OTHER = "other", _("other")


class PaymentReason(models.TextChoices):
    """What a payment was for."""

    PURCHASE = "purchase", _("purchase")
    CHECKPOINT = "checkpoint_tax", _("tax at a checkpoint")
    EXPORT = "export_tax", _("export or customs duty")
    ROYALTY = "royalty", _("royalty or licence fee")
    PERMIT = "permit_fee", _("permit or access fee")
    TRANSPORT = "transport", _("transport")
    PROTECTION = "security", _("security or escort")
    STORAGE = "storage", _("storage")
    GIFT = "gift", _("gift or facilitation")
    OTHER = "other", _("other")


class EvidenceKind(models.TextChoices):
    """What a file shows."""

    PHOTO = "photo", _("photograph")
    PERMIT = "permit", _("permit")
    RECEIPT = "receipt", _("receipt")
    CONTRACT = "contract", _("contract or invoice")
    IDENTITY = "identity", _("identity paper")
    TRANSPORT = "transport", _("transport paper")
    OTHER = "other", _("other")


class AssessmentDecision(models.TextChoices):
    """What an assessment of a flag may come to (Annex II, step 3)."""

    SUSPEND = "suspend", _("suspend until it is clarified")
    DISENGAGE = "disengage", _("disengage")
    CONTINUE = "continue", _("continue, with mitigation")


jurisdiction_code = RegexValidator(r"^[A-Z]{2}$", _("Two capital letters (ISO 3166), as in MM, IN, CN."))
currency_code = RegexValidator(r"^[A-Z]{3}$", _("Three capital letters (ISO 4217), as in MMK, INR, CNY, USD."))


class ProvenanceQuerySet(models.QuerySet["ProvenanceRecord"]):
    """Provenance records by viewer."""

    def visible_to(self, user: Any) -> ProvenanceQuerySet:
        """Officials and administrators see all, collectors those of their organisation, nobody else any."""
        if user.role in {Role.OFFICIAL, Role.ADMINISTRATOR}:
            return self
        return self.filter(owner=user.organisation_id) if user.role == Role.COLLECTOR else self.none()


class MineProfileQuerySet(models.QuerySet["MineProfile"]):
    """Profiles by viewer: with their mines."""

    def visible_to(self, user: Any) -> MineProfileQuerySet:
        from samples.models import Mine

        return self.filter(mine__in=Mine.objects.visible_to(user))


@history()
class MineProfile(Record):
    """What due diligence knows of a mine, with the source of each statement."""

    mine = models.OneToOneField("samples.Mine", on_delete=models.PROTECT, related_name="profile")
    conflict_area = models.CharField(max_length=8, choices=KnownAnswer, default=KnownAnswer.UNKNOWN)
    armed_control = models.CharField(max_length=8, choices=KnownAnswer, default=KnownAnswer.UNKNOWN)
    capacity_t_per_year = models.DecimalField(
        max_digits=12, decimal_places=3, null=True, blank=True, validators=[MinValueValidator(Decimal("0.001"))]
    )
    source = models.TextField(help_text=_("Where the statements come from, with day"))

    objects = MineProfileQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.mine}: {self.get_armed_control_display()}"


@history()
class ProvenanceRecord(Record):
    """The provenance of one lot from one mine, brought by a consignment or a visit."""

    code = models.CharField(max_length=24, unique=True, editable=False)
    owner = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    mine = models.ForeignKey("samples.Mine", on_delete=models.PROTECT, related_name="provenance_records")
    consignment = models.ForeignKey(
        "samples.Consignment", null=True, blank=True, on_delete=models.PROTECT, related_name="provenance_records"
    )
    visit = models.ForeignKey("samples.Visit", null=True, blank=True, on_delete=models.PROTECT, related_name="provenance_records")
    quantity_kg = models.DecimalField(
        max_digits=14, decimal_places=3, null=True, blank=True, validators=[MinValueValidator(Decimal("0.001"))]
    )
    extraction_method = models.CharField(max_length=16, choices=ExtractionMethod, blank=True)
    extracted_from = models.DateField(null=True, blank=True)
    extracted_until = models.DateField(null=True, blank=True)
    acquired_on = models.DateField(null=True, blank=True)
    sent_on = models.DateField(null=True, blank=True)
    permits = models.TextField(blank=True, help_text=_("One a line: authority, number, valid until"))
    no_intermediary = models.BooleanField(default=False)
    no_payment = models.BooleanField(default=False)
    remark = models.TextField(blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1, help_text=_("Counts changes of the record and its parts; the ETag"))

    objects = ProvenanceQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(consignment__isnull=False) | Q(visit__isnull=False), name="provenance_of_a_lot"),
            models.UniqueConstraint(fields=["mine", "consignment"], name="one_provenance_per_mine_and_consignment"),
            models.UniqueConstraint(
                fields=["owner", "mine", "visit"], condition=Q(consignment=None), name="one_provenance_per_mine_and_visit"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Part(Record):
    """One numbered line of a record. A line that was wrong is struck out, with the reason in its history, and keeps its number."""

    record: models.ForeignKey[Any, Any]
    number = models.PositiveSmallIntegerField(editable=False)
    struck = models.BooleanField(default=False)
    remark = models.TextField(blank=True)

    class Meta:
        abstract = True
        ordering = ["number"]


@history()
class Intermediary(Part):
    """Somebody through whose hands the lot went."""

    record = models.ForeignKey(ProvenanceRecord, on_delete=models.PROTECT, related_name="intermediaries", db_index=False)
    name = models.CharField(max_length=160)
    role = models.CharField(max_length=16, choices=PartyRole)
    jurisdiction = models.CharField(max_length=2, blank=True, validators=[jurisdiction_code])
    identified_by = models.CharField(max_length=20, choices=Identification, blank=True)
    identifier = models.CharField(max_length=120, blank=True, help_text=_("Number of the register entry, licence or paper"))
    beneficial_owner = models.CharField(max_length=160, blank=True)

    class Meta(Part.Meta):
        constraints = [models.UniqueConstraint(fields=["record", "number"], name="intermediary_number_once")]

    def __str__(self) -> str:
        return f"{self.number}: {self.get_role_display()}"


@history()
class RouteStage(Part):
    """A place the lot came through."""

    record = models.ForeignKey(ProvenanceRecord, on_delete=models.PROTECT, related_name="stages", db_index=False)
    kind = models.CharField(max_length=16, choices=StageKind)
    place = models.CharField(max_length=160)
    jurisdiction = models.CharField(max_length=2, blank=True, validators=[jurisdiction_code])
    conflict_area = models.CharField(max_length=8, choices=KnownAnswer, default=KnownAnswer.UNKNOWN)
    arrived_on = models.DateField(null=True, blank=True)
    left_on = models.DateField(null=True, blank=True)

    class Meta(Part.Meta):
        constraints = [models.UniqueConstraint(fields=["record", "number"], name="stage_number_once")]

    def __str__(self) -> str:
        return f"{self.number}: {self.get_kind_display()}"


@history()
class Payment(Part):
    """A payment somebody made because of the lot."""

    record = models.ForeignKey(ProvenanceRecord, on_delete=models.PROTECT, related_name="payments", db_index=False)
    payer = models.CharField(max_length=160)
    payee = models.CharField(max_length=160)
    payee_kind = models.CharField(max_length=24, choices=PayeeKind)
    reason = models.CharField(max_length=16, choices=PaymentReason)
    amount = models.DecimalField(max_digits=16, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(Decimal(0))])
    currency = models.CharField(max_length=3, blank=True, validators=[currency_code])
    paid_on = models.DateField(null=True, blank=True)
    place = models.CharField(max_length=160, blank=True)
    basis = models.CharField(max_length=200, blank=True, help_text=_("Tariff, rate or agreement it rests on"))

    class Meta(Part.Meta):
        constraints = [
            models.UniqueConstraint(fields=["record", "number"], name="payment_number_once"),
            models.CheckConstraint(condition=Q(amount=None) | ~Q(currency=""), name="payment_amount_has_currency"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.get_reason_display()}"


class Evidence(AppendOnly):
    """A file that shows something of the record, kept as it came by its SHA-256."""

    record = models.ForeignKey(ProvenanceRecord, on_delete=models.PROTECT, related_name="evidence")
    payment = models.ForeignKey(Payment, null=True, on_delete=models.PROTECT, related_name="evidence")
    kind = models.CharField(max_length=12, choices=EvidenceKind)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    content_type = models.CharField(max_length=40)
    file_name = models.CharField(max_length=120, blank=True)
    caption = models.CharField(max_length=200, blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["record", "sha256", "payment"], nulls_distinct=False, name="evidence_once_per_record")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.sha256[:12]}"


class RaisedFlag(AppendOnly):
    """That a flag was raised, once for each rule and record: it stays to be assessed even when the facts no longer raise it."""

    record = models.ForeignKey(ProvenanceRecord, on_delete=models.PROTECT, related_name="raised_flags")
    code = models.CharField(max_length=24)
    facts = models.JSONField(help_text=_("The facts that first raised it, as pairs"))
    rules_version = models.CharField(max_length=8)
    raised_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["record", "code"], name="flag_raised_once")]

    def __str__(self) -> str:
        return self.code


class Assessment(AppendOnly):
    """A signed assessment of one flag as its facts stood. It counts while the content it signed is the flag's content."""

    record = models.ForeignKey(ProvenanceRecord, on_delete=models.PROTECT, related_name="assessments")
    flag = models.CharField(max_length=24)
    decision = models.CharField(max_length=12, choices=AssessmentDecision)
    reason = models.TextField()
    mitigation = models.TextField(blank=True)
    content_hash = models.CharField(max_length=64, help_text=_("SHA-256 of the flag and its facts as shown"))
    content = models.JSONField(help_text=_("What was signed"))
    signature = models.ForeignKey("accounts.Signature", on_delete=models.PROTECT, related_name="+")
    assessed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    assessed_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["record", "flag"], name="assessments_of_flag")]

    def __str__(self) -> str:
        return f"{self.flag}: {self.get_decision_display()}"


class LotHold(AppendOnly):
    """A hold that an assessment put on a sample of the lot; it ends with the last assessment that stops the lot."""

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="holds")
    hold = models.OneToOneField("samples.Hold", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.hold_id}"
