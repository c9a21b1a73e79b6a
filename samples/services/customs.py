"""Customs papers of a consignment: applied for, granted or refused, with their files; what is missing stops the leg that asks for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction

from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocked, Blocker, Forbidden, refuse_if
from lims.core.roles import Action, require
from samples.lifecycle import ConsignmentState
from samples.models import Consignment, CustomsPaper, PaperFile, RouteVersion
from samples.models.papers import PaperStatus
from samples.models.routes import PaperKind
from samples.models.samples import Material
from samples.route_rules import BORDER_POST, LegPlan, needed_papers
from samples.services.movement import active_items, checked_texts, invalid_at, lock_consignment
from samples.services.paper_files import keep_document

MOST_FILES = 20
_HS_CODE = re.compile(r"[0-9]{4}([0-9]{2}){0,4}")
_OPEN = {ConsignmentState.PACKING, ConsignmentState.DISPATCHED}
_EARTHY = {Material.CLAY, Material.SOIL}


def declare_contents(*, consignment: Consignment, hs_code: str, purpose: str, norm_notice: bool, soil_notice: bool, by: Any) -> Consignment:
    """What is declared at customs: the code of the Harmonized System as chosen by the sender, the purpose, and whether the contents hold
    natural radioactivity or soil. By the sender, until it has arrived."""
    require(by, Action.CUSTOMS_EDIT)
    purpose = checked_texts(Consignment, purpose=purpose)["purpose"]
    digits = re.sub(r"[ .]", "", hs_code)
    if digits and not _HS_CODE.fullmatch(digits):
        raise invalid_at("/hs_code", "hs_code", "The code has 4 to 12 digits, an even number of them, as on the declaration.")
    if not purpose:
        raise invalid_at("/purpose", "missing", "Say what the samples are for, as on the declaration.")
    with transaction.atomic(), acting(by, "declaration changed"):
        consignment = lock_consignment(consignment)
        _check_open(consignment, by)
        consignment.hs_code, consignment.purpose = digits, purpose
        consignment.norm_notice, consignment.soil_notice = norm_notice, soil_notice
        consignment.save(update_fields=["hs_code", "purpose", "norm_notice", "soil_notice"])
    return consignment


def add_paper(
    *,
    consignment: Consignment,
    kind: str,
    number: str = "",
    issued_by: str = "",
    status: str = PaperStatus.APPLIED,
    valid_from: date | None = None,
    valid_until: date | None = None,
    remark: str = "",
    by: Any,
    at: datetime | None = None,
) -> CustomsPaper:
    """Note a paper that was applied for, or came. By the sender or whoever holds the consignment. Raises `Invalid` (unknown kind, a granted
    paper without a number, days the wrong way round)."""
    require(by, Action.CUSTOMS_EDIT)
    if kind not in PaperKind.values:
        raise invalid_at("/kind", "unknown_choice", f"“{kind}” is none of: {', '.join(PaperKind.values)}.")
    texts = checked_texts(CustomsPaper, number=number, issued_by=issued_by, remark=remark)
    with transaction.atomic(), acting(by, "customs paper added"):
        consignment = lock_consignment(consignment)
        _check_open(consignment, by)
        paper = CustomsPaper(consignment=consignment, kind=kind, added_by=by, added_at=at or clock.now(), **texts)
        _write_status(paper, status, valid_from, valid_until)
    return paper


def change_paper(
    *,
    paper: CustomsPaper,
    status: str,
    number: str = "",
    valid_from: date | None = None,
    valid_until: date | None = None,
    remark: str = "",
    by: Any,
) -> CustomsPaper:
    """How a paper stands now; what it was stays in its history. Refusals as for a new one."""
    require(by, Action.CUSTOMS_EDIT)
    texts = checked_texts(CustomsPaper, number=number, remark=remark)
    with transaction.atomic(), acting(by, remark.strip() or "customs paper changed"):
        consignment = lock_consignment(paper.consignment)
        _check_open(consignment, by)
        paper = CustomsPaper.objects.get(pk=paper.pk)
        paper.number, paper.remark = texts["number"] or paper.number, texts["remark"]
        _write_status(paper, status, valid_from, valid_until)
    return paper


def add_file(*, paper: CustomsPaper, name: str, data: bytes, by: Any, at: datetime | None = None) -> PaperFile:
    """Keep a scan of a paper. Accepted by what it is, as `paper_files.read_document`."""
    require(by, Action.CUSTOMS_EDIT)
    stored, content_type = keep_document(data)
    plain = re.sub(r"[^\w. ()-]+", "_", name.rsplit("/", 1)[-1].rsplit("\\", 1)[-1]).strip()[-120:] or "paper"
    with transaction.atomic(), acting(by, "file added"):
        consignment = lock_consignment(paper.consignment)
        _check_open(consignment, by)
        if paper.files.count() >= MOST_FILES:
            raise Blocked([Blocker("too_many_files", f"There are {MOST_FILES} files already; no more are kept with one paper.")])
        return PaperFile.objects.create(
            paper=paper,
            sha256=stored.sha256,
            content_type=content_type,
            size=stored.size,
            name=plain,
            added_by=by,
            added_at=at or clock.now(),
        )


def dispatch_paper_blockers(consignment: Consignment, version: RouteVersion | None, day: date) -> list[Blocker]:
    """What has to be declared and at least applied for before the consignment sets out on a route."""
    legs = version.plan() if version else []
    found = []
    if any(leg.mode == BORDER_POST for leg in legs):
        if not consignment.hs_code:
            found.append(Blocker("hs_code_missing", "The route crosses a border; no HS code is declared. Declare it on the customs page."))
        earthy = active_items(consignment).filter(sample__material__in=_EARTHY).exists()
        if earthy and not consignment.soil_notice:
            sentence = "The route crosses a border with clay or soil, and the soil notice is not given. Give it on the customs page."
            found.append(Blocker("soil_notice_missing", sentence))
    usable = {PaperStatus.APPLIED: True, PaperStatus.GRANTED: True}
    return found + _missing(consignment, legs, day, usable, "Apply for it and note it on the customs page.")


def leg_paper_blockers(consignment: Consignment, leg: LegPlan, day: date) -> list[Blocker]:
    """What has to be granted before the consignment passes a leg."""
    return _missing(consignment, [leg], day, {PaperStatus.GRANTED: True}, "It has to be granted and valid that day.")


def _missing(consignment: Consignment, legs: list[LegPlan], day: date, usable: Mapping[PaperStatus, bool], remedy: str) -> list[Blocker]:
    needed = needed_papers(legs, norm=consignment.norm_notice, soil=consignment.soil_notice)
    if not needed:
        return []
    there = {paper.kind for paper in consignment.papers.all() if paper.status in usable and paper.holds_on(day)}
    return [
        Blocker(
            "paper_missing",
            f"{str(PaperKind(kind).label).capitalize()} is missing for leg {leg.number}, {leg.origin} → {leg.destination}. {remedy}",
        )
        for kind, leg in needed.items()
        if kind not in there
    ]


def _write_status(paper: CustomsPaper, status: str, valid_from: date | None, valid_until: date | None) -> None:
    if status not in PaperStatus.values:
        raise invalid_at("/status", "unknown_choice", f"“{status}” is none of: {', '.join(PaperStatus.values)}.")
    if status == PaperStatus.GRANTED and not paper.number:
        raise invalid_at("/number", "number_missing", "A granted paper has a number. Write it as it stands there.")
    if valid_from and valid_until and valid_until < valid_from:
        raise invalid_at("/valid_until", "day_order", "It cannot end before it begins. Check the two days.")
    paper.status, paper.valid_from, paper.valid_until = status, valid_from, valid_until
    paper.save()


def _check_open(consignment: Consignment, by: Any) -> None:
    if by.organisation_id not in {consignment.sender_id, consignment.holder_id}:
        raise Forbidden("not_sender", f"The sender of {consignment.code}, or who holds it, keeps its papers.")
    if consignment.state not in _OPEN:
        label = ConsignmentState(consignment.state).label
        refuse_if([Blocker("wrong_state", f"Consignment {consignment.code} is {label}; its papers are closed.")])
