"""Keeping instruments: what is known of each, its calibration, its tokens, its sign of life."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from assays.instruments.models import Instrument, InstrumentToken
from assays.instruments.parsers.nomenclature import read_concentration_unit
from lims.accounts.models import Organisation
from lims.accounts.tokens import issue_token, revoke_token
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import DomainError, Forbidden, Invalid, Problem
from lims.core.roles import Action, require


def create_instrument(
    *, code: str, name: str, laboratory: Organisation, technique: str = "ICP-MS", serial: str = "", by: Any
) -> Instrument:
    """A new instrument of a laboratory. Its code is unique over all laboratories, since files are kept by it."""
    require(by, Action.ACCOUNT_EDIT)
    fields = {"code": code.strip(), "name": name.strip()}
    problems = [Problem(f"/{member}", "missing", "This is needed.") for member, text in fields.items() if not text]
    if not laboratory.is_laboratory:
        problems.append(Problem("/laboratory", "not_a_laboratory", f"{laboratory.name} is no laboratory."))
    if problems:
        raise Invalid(problems[0].code, problems[0].detail, problems=problems)
    try:
        with transaction.atomic(), acting(by, "instrument created"):
            return Instrument.objects.create(**fields, laboratory=laboratory, technique=technique.strip(), serial=serial.strip())
    except IntegrityError as error:
        message = f"There is an instrument {fields['code']} already. Choose another code."
        raise Invalid("taken", message, problems=[Problem("/code", "taken", message)]) from error


def set_in_use(*, instrument: Instrument, active: bool, reason: str, by: Any) -> Instrument:
    """Take an instrument out of use, or back; while it is out it neither sends nor is planned for."""
    require(by, Action.ACCOUNT_EDIT)
    if not reason.strip():
        raise Invalid("reason", "Say why.", problems=[Problem("/reason", "reason", "Say why.")])
    with transaction.atomic(), acting(by, reason.strip()):
        instrument.active = active
        instrument.save(update_fields=["active"])
    return instrument


def record_calibration(*, instrument: Instrument, due: date, by: Any) -> Instrument:
    """The day until which the instrument's calibration holds (ISO/IEC 17025:2017, 6.4.7), set by the quality manager."""
    require(by, Action.REFERENCE_EDIT)
    if by.organisation_id != instrument.laboratory_id:
        raise Forbidden("other_laboratory", f"{instrument.code} is another laboratory's instrument.")
    if due < clock.today():
        message = "A calibration that is due in the past does not hold. Give the day it is due next."
        raise Invalid("past", message, problems=[Problem("/calibration_due", "past", message)])
    with transaction.atomic(), acting(by, "calibration recorded"):
        instrument.calibration_due = due
        instrument.save(update_fields=["calibration_due"])
    return instrument


def set_default_unit(*, instrument: Instrument, unit: str, reason: str, by: Any) -> Instrument:
    """The unit of concentrations in the instrument's files that state none, set by the quality manager; empty for none, so that a person
    is asked at each file. A unit that a file states always comes first, and what was uploaded before keeps its unit."""
    require(by, Action.REFERENCE_EDIT)
    if by.organisation_id != instrument.laboratory_id:
        raise Forbidden("other_laboratory", f"{instrument.code} is another laboratory's instrument.")
    problems = [] if reason.strip() else [Problem("/reason", "reason", "Say why.")]
    if unit.strip() and read_concentration_unit(unit) is None:
        message = f"{unit[:40]!r} is no unit of a concentration. Write one such as ug/L, mg/kg or %."
        problems.append(Problem("/default_unit", "unknown_unit", message))
    if problems:
        raise Invalid(problems[0].code, problems[0].detail, problems=problems)
    with transaction.atomic(), acting(by, reason.strip()):
        instrument.default_unit = read_concentration_unit(unit) or ""
        instrument.save(update_fields=["default_unit"])
    return instrument


def issue_instrument_token(
    *, instrument: Instrument, name: str, by: Any, expires_at: datetime | None = None
) -> tuple[InstrumentToken, str]:
    """A token for an instrument's computer, and the token itself, which is shown once and not kept."""
    require(by, Action.ACCOUNT_EDIT)
    if not name.strip():
        message = "Name the computer or program that will use the token."
        raise Invalid("missing", message, problems=[Problem("/name", "missing", message)])
    if expires_at is not None and expires_at <= clock.now():
        message = "The token would have expired already. Choose a later day, or none."
        raise Invalid("past", message, problems=[Problem("/expires_on", "past", message)])
    with transaction.atomic():
        return issue_token(InstrumentToken, by=by, name=name.strip(), expires_at=expires_at, instrument=instrument)


def revoke_instrument_token(*, token: InstrumentToken, by: Any) -> None:
    """End an instrument's token now."""
    require(by, Action.ACCOUNT_EDIT)
    if token.revoked_at is not None:
        raise DomainError("revoked_already", f"The token {token.name} has been revoked already.")
    revoke_token(token=token, by=by)


def note_heartbeat(
    *, instrument: Instrument, time: datetime | None = None, agent: str = "", waiting: int | None = None, at: datetime | None = None
) -> Instrument:
    """The instrument lives. `time` is what its own clock says: kept as its skew against ours in seconds (positive is fast), transport
    included. `agent` names the program that speaks for it, `waiting` the files that program has not yet sent."""
    require(instrument, Action.INSTRUMENT_SEND)
    now = at or clock.now()
    said = {"last_heartbeat_at": now, "agent": _printable(agent)[:80], "agent_waiting": waiting}
    if time is not None:
        said["clock_skew_s"] = round((time - now).total_seconds(), 3)
    Instrument.objects.filter(pk=instrument.pk).update(**said)
    for name, value in said.items():
        setattr(instrument, name, value)
    return instrument


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable()).strip()
