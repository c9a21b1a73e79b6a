"""People, organisations, tokens, competences and signatures."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from lims.core.models import AppendOnly, Record, history
from lims.core.roles import LABORATORY_ROLES, Role


class OrganisationKind(models.TextChoices):
    """What an organisation is to this system."""

    MINISTRY = "ministry", _("Ministry")
    STATE_FIRM = "state_firm", _("State firm")
    PRIVATE_FIRM = "private_firm", _("Private firm")
    LABORATORY = "laboratory", _("Laboratory")
    CARRIER = "carrier", _("Carrier")


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    """Organisations by viewer."""

    def visible_to(self, user: Any) -> OrganisationQuerySet:
        """Administrators see all, everybody else their own."""
        return self if user.role == Role.ADMINISTRATOR else self.filter(pk=user.organisation_id)


@history()
class Organisation(Record):
    """A ministry, a firm that collects, a laboratory or a carrier."""

    code = models.CharField(max_length=12, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=OrganisationKind)
    address = models.TextField(blank=True)
    contact = models.CharField(max_length=200, blank=True)
    accreditation = models.CharField(
        max_length=300, blank=True, help_text=_("Printed on certificates exactly as written; empty when there is none.")
    )
    latitude = models.DecimalField(max_digits=8, decimal_places=5, null=True, blank=True)
    longitude = models.DecimalField(max_digits=8, decimal_places=5, null=True, blank=True)
    active = models.BooleanField(default=True)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_laboratory(self) -> bool:
        return self.kind == OrganisationKind.LABORATORY


class UserQuerySet(models.QuerySet["User"]):
    """People by viewer."""

    def visible_to(self, user: Any) -> UserQuerySet:
        """Administrators see everybody, a quality manager the own laboratory, everybody else only themselves."""
        if user.role == Role.ADMINISTRATOR:
            return self
        if user.role == Role.QUALITY_MANAGER:
            return self.filter(organisation=user.organisation_id)
        return self.filter(pk=user.pk)


class UserManager(DjangoUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Django's manager, with scope."""

    use_in_migrations = False


@history(exclude=["password", "last_login"])
class User(AbstractUser):
    """A person: one account, one role, one organisation."""

    id = models.UUIDField(primary_key=True, default=Record._meta.get_field("id").default, editable=False)
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    full_name = models.CharField(max_length=120)
    role = models.CharField(max_length=20, choices=Role)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="people")
    time_zone = models.CharField(max_length=40, default="Asia/Kolkata")
    language = models.CharField(max_length=5, default="en")
    must_change_password = models.BooleanField(default=False, help_text=_("Somebody else set the password; it opens one page only"))

    objects: ClassVar[UserManager] = UserManager()

    REQUIRED_FIELDS = ["full_name", "role"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("username"), name="username_ignores_case")]

    def __str__(self) -> str:
        return self.full_name or self.username

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.full_name.split(" ")[0]

    @property
    def is_laboratory_staff(self) -> bool:
        """Whether this person sees samples blind."""
        return self.role in LABORATORY_ROLES

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Django's admin only: administrators may look, and edit settings and reference data (each admin class says which)."""
        return self.is_active and self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_staff


class TokenFields(Record):
    """What every token keeps: never the token itself, only its SHA-256; `hint` are its first characters, to tell tokens apart."""

    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=12, editable=False)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Tokens by viewer."""

    def visible_to(self, user: Any) -> ApiTokenQuerySet:
        """One's own; administrators see (and may end) all."""
        return self if user.role == Role.ADMINISTRATOR else self.filter(user=user)

    def live(self, moment: datetime) -> ApiTokenQuerySet:
        """Those that open something at `moment`."""
        return self.filter(models.Q(expires_at=None) | models.Q(expires_at__gt=moment), revoked_at=None)


@history(exclude=["digest", "last_used_at"])
class ApiToken(TokenFields):
    """A person's token. Empty `scopes` means everything the role may do; otherwise only the listed actions."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    scopes = ArrayField(models.CharField(max_length=40), default=list, blank=True)

    objects = ApiTokenQuerySet.as_manager()


class CompetenceQuerySet(models.QuerySet["Competence"]):
    """Competences by viewer."""

    def visible_to(self, user: Any) -> CompetenceQuerySet:
        """Those of the people the viewer sees."""
        return self.filter(user__in=User.objects.visible_to(user))


@history()
class Competence(Record):
    """One person's authorisation for one method and activity, until a date (ISO/IEC 17025:2017, 6.2.6)."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="competences")
    method_code = models.CharField(max_length=20)
    activity = models.CharField(max_length=20, choices=[("measure", _("measure")), ("review", _("review")), ("authorise", _("authorise"))])
    valid_from = models.DateField()
    valid_until = models.DateField()
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = CompetenceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(valid_until__gte=models.F("valid_from")), name="competence_ends_after_start")
        ]
        indexes = [models.Index(fields=["user", "method_code", "activity"], name="competence_lookup")]

    def __str__(self) -> str:
        return f"{self.user}: {self.activity} {self.method_code} until {self.valid_until}"


class SignatureMeaning(models.TextChoices):
    """What a signature says (shown with it wherever it appears)."""

    REVIEW = "review", _("Reviewed the run and its quality control")
    AUTHORISATION = "authorisation", _("Authorised the results for release")
    OVERRIDE = "override", _("Accepted a failed control for the stated reason")
    SETTLEMENT = "settlement", _("Settled a discrepancy")
    WITHDRAWAL = "withdrawal", _("Withdrew a certificate")
    HANDOVER = "handover", _("Handed over or received")
    RELEASE = "release", _("Released a sample held for safety")
    ASSESSMENT = "assessment", _("Assessed a red flag of provenance")
    DEPARTURE = "departure", _("Disposed of a sample or gave it back")
    WITNESS = "witness", _("Witnessed that a sample left for good")
    CLOSURE = "closure", _("Closed a nonconformity")
    REOPENING = "reopening", _("Took authorised results back for correction")
    VALIDATION = "validation", _("Judged the validation of the calculations")
    CERTIFIED_AMOUNT = "certified_amount", _("Corrected a certified amount")


class Signature(AppendOnly):
    """An electronic signature: a re-authentication bound to the SHA-256 of exactly what was shown. Names stand as text, frozen."""

    signer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="signatures", db_index=False)
    printed_name = models.CharField(max_length=120)
    organisation_name = models.CharField(max_length=200)
    role = models.CharField(max_length=20)
    meaning = models.CharField(max_length=20, choices=SignatureMeaning)
    signed_at = models.DateTimeField()
    content_hash = models.CharField(max_length=64, db_index=True)
    reason = models.TextField(blank=True)
    factors = models.CharField(max_length=40, default="password")

    class Meta:
        indexes = [models.Index(fields=["signer", "-signed_at"], name="signatures_of_person")]

    def __str__(self) -> str:
        return f"{self.printed_name}, {self.get_meaning_display()}, {self.signed_at:%Y-%m-%d %H:%M %Z}"
