"""Reference materials put among the samples by the quality manager, so that who measures does not know which tube is a control."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from assays.models import BlindControl, CertifiedValue, MethodVersion, ReferenceMaterial
from assays.services.rows import find_mass_problem
from lims.core import clock
from lims.core.acting import acting
from lims.core.codes import ALIQUOT, make_blind_code
from lims.core.days import local_day
from lims.core.errors import Blocked, Blocker, DomainError, Invalid
from lims.core.roles import Action, require
from lims.core.scope import fetch_visible
from lims.core.sequences import take_codes


def insert_blind_control(
    *, method_version: MethodVersion, material: ReferenceMaterial, mass_g: Decimal, by: Any, at: datetime | None = None
) -> BlindControl:
    """Put a weighed portion of a material among the aliquots that wait for a method: the next proposed tray holds it. Its codes are taken
    as an aliquot's and a sample's are.

    Raises `Invalid` (mass) and `Blocked` (material expired, out of use, another laboratory's, or without values for the method's group).
    """
    require(by, Action.BLIND_EDIT)
    now = at or clock.now()
    if problems := find_mass_problem("/mass_g", mass_g, 5):
        raise Invalid(problems[0].code, problems[0].detail, problems=problems)
    _refuse_unfit(method_version, material, by, local_day(now))
    with transaction.atomic(), acting(by, "blind control inserted"):
        return BlindControl.objects.create(
            code=take_codes(ALIQUOT)[0],
            sample_code=make_blind_code(),
            laboratory=by.organisation,
            method_version=method_version,
            material=material,
            mass_g=mass_g,
            inserted_by=by,
            inserted_at=now,
        )


def withdraw_blind_control(*, blind: BlindControl, by: Any, at: datetime | None = None) -> BlindControl:
    """Take a blind control back that stands on no tray yet."""
    require(by, Action.BLIND_EDIT)
    with transaction.atomic(), acting(by, "blind control withdrawn"):
        blind = fetch_visible(BlindControl, by, lock=True, pk=blind.pk)
        if blind.withdrawn_at is not None or blind.positions.exclude(run__state="cancelled").exists():
            raise DomainError("wrong_state", f"{blind.code} stands on a tray or was taken back already; nothing is left to withdraw.")
        blind.withdrawn_at = at or clock.now()
        blind.save(update_fields=["withdrawn_at"])
    return blind


def _refuse_unfit(version: MethodVersion, material: ReferenceMaterial, by: Any, day: Any) -> None:
    if material.laboratory_id not in {None, by.organisation_id}:
        raise Blocked([Blocker("other_laboratory", f"{material.code} is another laboratory's own material. Choose another.")])
    if not material.active or (material.expires_on is not None and material.expires_on < day):
        raise Blocked([Blocker("material_expired", f"{material.code} has expired or is out of use. Choose another.")])
    group = version.method.method_group
    if not CertifiedValue.objects.filter(material=material, method_group=group, sd__gt=0).exists():
        sentence = f"{material.code} has no value with standard deviation by {group}: nothing could judge it. Choose another."
        raise Blocked([Blocker("no_certified_value", sentence)])
