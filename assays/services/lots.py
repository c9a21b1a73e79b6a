"""Lots of reagents and standards, and equipment: registered, calibrated, recorded where they are used (ISO/IEC 17025:2017, 6.4, 6.6).

What has expired, is overdue or was withdrawn cannot be recorded as used on that day; a run it was recorded for is stopped by
`assays.services.fitness` all the same, should the day be corrected afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from assays.models import Aliquot, Equipment, Lot, Preparation, ReferenceMaterial, Run, Use
from assays.models.lots import EquipmentKind, LotKind
from lims.core import clock
from lims.core.acting import acting
from lims.core.codes import LOT
from lims.core.errors import Blocker, DomainError, Invalid, Problem, refuse_if
from lims.core.files import store_bytes
from lims.core.roles import Action, require
from lims.core.scope import fetch_visible
from lims.core.sequences import take_codes


@dataclass(frozen=True)
class Delivery:
    """One lot as it came. `certificate` are the bytes of the supplier's certificate."""

    kind: str
    name: str
    supplier_lot: str
    received_on: date
    supplier: str = ""
    opened_on: date | None = None
    expires_on: date | None = None
    material: ReferenceMaterial | None = None
    certificate: bytes = b""
    certificate_name: str = ""


def register_lot(*, delivery: Delivery, by: Any) -> Lot:
    """Put a lot on record. Raises `Invalid` with a problem per wrong member, `DomainError('lot_exists')`."""
    require(by, Action.LOT_EDIT)
    problems = _delivery_problems(delivery)
    if problems:
        raise Invalid(problems[0].code, problems[0].detail, problems=problems)
    stored = store_bytes("lots", delivery.certificate).sha256 if delivery.certificate else ""
    try:
        with acting(by, "lot registered"), transaction.atomic():
            return Lot.objects.create(
                code=take_codes(LOT)[0],
                laboratory_id=by.organisation_id,
                kind=delivery.kind,
                name=delivery.name.strip(),
                supplier=delivery.supplier.strip(),
                supplier_lot=delivery.supplier_lot.strip(),
                material=delivery.material,
                received_on=delivery.received_on,
                opened_on=delivery.opened_on,
                expires_on=delivery.expires_on,
                certificate_sha256=stored,
                certificate_name=delivery.certificate_name[:120],
            )
    except IntegrityError as error:
        raise DomainError("lot_exists", f"Lot {delivery.supplier_lot} of {delivery.name} is on record already. Use that one.") from error


def _delivery_problems(delivery: Delivery) -> list[Problem]:
    found = []
    if delivery.kind not in LotKind.values:
        found.append(Problem("/kind", "unknown_choice", f"“{delivery.kind}” is none of: {', '.join(LotKind.values)}."))
    if not delivery.name.strip():
        found.append(Problem("/name", "missing", "Say what it is, with its concentration or grade."))
    if not delivery.supplier_lot.strip():
        found.append(Problem("/supplier_lot", "missing", "Write the supplier's lot number from the label."))
    if delivery.received_on > clock.today():
        found.append(Problem("/received_on", "future", "It cannot have come after today."))
    if delivery.opened_on and not delivery.received_on <= delivery.opened_on <= clock.today():
        found.append(Problem("/opened_on", "opened_on", "It was opened between the day it came and today."))
    if delivery.kind == LotKind.REFERENCE and delivery.material is None:
        found.append(Problem("/material", "missing", "Name the reference material this is a lot of."))
    return found


def register_equipment(*, code: str, kind: str, name: str, calibration_due: date, serial: str = "", by: Any) -> Equipment:
    """Put a piece of equipment on record with the day its calibration is due."""
    require(by, Action.LOT_EDIT)
    code = " ".join(code.upper().split())
    problems = [] if code and len(code) <= 24 else [Problem("/code", "code", "Give it a code of at most 24 signs, as on its label.")]
    if kind not in EquipmentKind.values:
        problems.append(Problem("/kind", "unknown_choice", f"“{kind}” is none of: {', '.join(EquipmentKind.values)}."))
    if not name.strip():
        problems.append(Problem("/name", "missing", "Say what it is: maker and type."))
    if problems:
        raise Invalid(problems[0].code, problems[0].detail, problems=problems)
    try:
        with acting(by, "equipment registered"), transaction.atomic():
            return Equipment.objects.create(
                code=code,
                laboratory_id=by.organisation_id,
                kind=kind,
                name=name.strip(),
                serial=serial.strip(),
                calibration_due=calibration_due,
            )
    except IntegrityError as error:
        raise DomainError("equipment_exists", f"{code} is on record already. Give this one another code.") from error


def record_calibration(*, equipment: Equipment, calibrated_on: date, due: date, by: Any) -> Equipment:
    """It was calibrated, and is due again on a later day."""
    require(by, Action.LOT_EDIT)
    if calibrated_on > clock.today() or due <= calibrated_on:
        detail = "It was calibrated today or before, and is due again after that day."
        raise Invalid("due", detail, problems=[Problem("/due", "due", detail)])
    with acting(by, "calibrated"), transaction.atomic():
        found = fetch_visible(Equipment, by, lock=True, pk=equipment.pk)
        found.calibrated_on, found.calibration_due = calibrated_on, due
        found.save(update_fields=["calibrated_on", "calibration_due"])
    return found


def use_blockers(thing: Lot | Equipment, day: date) -> list[Blocker]:
    """Why it may not be used on that day."""
    if thing.withdrawn:
        return [Blocker("withdrawn", f"{thing.code} is not to be used any more. Take another.")]
    if isinstance(thing, Equipment):
        if thing.calibration_due < day:
            sentence = f"The calibration of {thing.code} was due on {thing.calibration_due:%d %b %Y}. Calibrate it, or take another."
            return [Blocker("calibration_due", sentence)]
        return []
    if thing.expires_on is not None and thing.expires_on < day:
        return [Blocker("lot_expired", f"Lot {thing.code} ({thing.name}) expired on {thing.expires_on:%d %b %Y}. Take another.")]
    if day < thing.received_on:
        return [Blocker("not_received", f"Lot {thing.code} came on {thing.received_on:%d %b %Y} and cannot have been used before.")]
    return []


def record_uses(
    *, thing: Lot | Equipment, subjects: Sequence[Run | Aliquot | Preparation], used_on: date, by: Any, at: datetime | None = None
) -> list[Use]:
    """Record that a lot or a piece of equipment was used for runs, test portions or preparations, which the caller fetched within the
    person's scope. What is on record already stays once. Raises `Blocked` (expired, overdue, withdrawn), `Invalid('used_on')`."""
    require(by, Action.LOT_EDIT)
    if used_on > clock.today():
        detail = "It cannot have been used after today."
        raise Invalid("used_on", detail, problems=[Problem("/used_on", "future", detail)])
    moment = at or clock.now()
    with acting(by, "use recorded"), transaction.atomic():
        found: Any = fetch_visible(type(thing), by, lock=True, pk=thing.pk)
        refuse_if(use_blockers(found, used_on))
        what = {"lot": found} if isinstance(found, Lot) else {"equipment": found}
        rows = [Use(used_on=used_on, recorded_by=by, recorded_at=moment, **what, **{type(one).__name__.lower(): one}) for one in subjects]
        return Use.objects.bulk_create(rows, ignore_conflicts=True)
