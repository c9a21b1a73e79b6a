"""Provenance of the demonstration's lots: what is invented to be known of mines, parties, routes and payments, with what is missing, some
red flags assessed, and codes set aside for the next visit. Every name is invented; the facts are stated as a team on the spot would state
them."""

from __future__ import annotations

import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from PIL import Image, ImageDraw

from lims.core import clock
from lims.demo.journeys import JOURNEYS, Story
from samples.looks.looking import Shown, glance_at, record_looks
from samples.models import Consignment, Mine
from samples.provenance.models import ProvenanceRecord
from samples.provenance.selectors import find_record
from samples.provenance.services.assessing import assess_flag, find_flag
from samples.provenance.services.evidence import add_evidence
from samples.provenance.services.recording import record_profile, record_provenance
from samples.services.allotting import allot_codes

# Known output in tonnes of oxide a year, invented; None where nobody knows.
CAPACITY = {"PWN": "420", "PWS": "260", "CHA": "180", "CHB": "150", "TSW": None, "HPR": "90", "MMK": "60", "MNE": None}
UNVISITED = "MNE"


def tell(story: Story) -> None:
    """What is known of the mines, a record for most lots of the first journeys, and what an official made of their flags."""
    with clock.set_to(story.today - timedelta(days=160)):
        _know_mines(story)
    for number, journey in enumerate(JOURNEYS, 1):
        if journey.stage in {"packed", "collected"} or number in {5, 8, 11, 14}:
            continue
        with story.on_day(journey, 4):
            _record_lots(story, number)
    with clock.set_to(story.today - timedelta(days=20)):
        _assess_some(story)
    with clock.set_to(story.today - timedelta(days=5)):
        allot_codes(count=24, team="Chipwi team", purpose="Visit of next week", by=story.cast.of("collector", "IREL"))
    with clock.set_to(story.today - timedelta(days=2)):
        official = story.cast.of("official", "MOM")
        places = [glance_at(story.mines[code], Shown.PLACE) for code in ("PWN", "CHA")]
        record_looks(glances=places, purpose="Briefing on the Chipwi road", address="/overview/", by=official)


def _know_mines(story: Story) -> None:
    official = story.cast.of("official", "MOM")
    for code, capacity in CAPACITY.items():
        if code == UNVISITED:
            continue
        values = {
            "conflict_area": "yes",
            "armed_control": "yes",
            "capacity_t_per_year": Decimal(capacity) if capacity else None,
            "source": "Report of the exploration team (invented for the demonstration)",
        }
        record_profile(mine=story.mines[code], values=values, reason="first entry from the team's report", by=official)


def _record_lots(story: Story, number: int) -> None:
    journey = JOURNEYS[number - 1]
    collector = story.cast.of("collector", journey.firm)
    consignment = Consignment.objects.get(items__sample=story.samples[number][0])
    for place, code in enumerate(journey.mines):
        today = clock.today()
        values: dict[str, Any] = {
            "mine": story.mines[code],
            "consignment": consignment,
            "quantity_kg": Decimal(400 + (737 * number + 311 * place) % 3800),
            "extraction_method": "hard_rock" if code == "TSW" else "in_situ_leach",
            "extracted_from": today - timedelta(days=75),
            "extracted_until": today - timedelta(days=20),
            "acquired_on": today - timedelta(days=4),
            "sent_on": today - timedelta(days=2),
            "permits": "Area permit (invented), no. DEMO-1, valid for the visit",
            "remark": "invented for the demonstration",
        }
        sparse = (number + place) % 3 == 0
        if sparse:
            values |= {"quantity_kg": None, "permits": ""}
        record = record_provenance(values=values, parts=_parts(number, place, sparse, today), by=collector)
        if not sparse:
            _show(record, collector)


def _parts(number: int, place: int, sparse: bool, today: date) -> dict[str, list[dict[str, Any]]]:
    border = JOURNEYS[number - 1].border
    trader = {
        "name": f"Invented Trading House {number}",
        "role": "trader",
        "jurisdiction": "MM",
        "identified_by": "declared" if sparse else "licence",
        "identifier": "" if sparse else f"DEMO-LIC-{number:03d}",
        "beneficial_owner": "" if sparse else f"Invented Owner {number}",
    }
    carrier = {"name": "Invented Road Carrier", "role": "transporter", "jurisdiction": "MM", "identified_by": "known_to_team"}
    if number != 4:
        carrier["beneficial_owner"] = "Invented Owner of the carrier"
    route: list[dict[str, Any]] = [
        {"kind": "mine", "place": "at the pit", "jurisdiction": "MM", "conflict_area": "yes", "left_on": today - timedelta(days=4)},
        {"kind": "checkpoint", "place": "checkpoint on the Chipwi road (invented)", "jurisdiction": "MM", "conflict_area": "yes"},
        {
            "kind": "border_post",
            # One lot went another way than its papers say.
            "place": "Moreh" if (number, place) == (3, 1) else border,
            "jurisdiction": "IN",
            "conflict_area": "no",
            "arrived_on": today - timedelta(days=1),
        },
    ]
    tax = {
        "payer": "Invented Road Carrier",
        "payee": "administration at the checkpoint (invented)",
        "payee_kind": "non_state_armed_group",
        "reason": "checkpoint_tax",
        "amount": Decimal((20 + (7 * number + 3 * place) % 40) * 10_000),
        "currency": "MMK",
        "paid_on": today - timedelta(days=3),
        "place": "Chipwi road",
        "basis": "rate per lorry, as told at the checkpoint",
    }
    duty = {
        "payer": "the sender",
        "payee": "land customs station (invented)",
        "payee_kind": "state_authority",
        "reason": "export_tax",
        "amount": Decimal("1850.00"),
        "currency": "INR",
        "paid_on": today - timedelta(days=1),
        "basis": "tariff of the station",
    }
    return {"intermediaries": [trader] if sparse else [trader, carrier], "route": route, "payments": [tax] if sparse else [tax, duty]}


def draw_paper(text: str) -> bytes:
    """A picture that says it is a demonstration."""
    picture = Image.new("RGB", (420, 260), "#f6f4ef")
    ImageDraw.Draw(picture).multiline_text((24, 24), f"SYNTHETIC DEMONSTRATION\n\n{text}", fill="#1d2433")
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()


def _show(record: ProvenanceRecord, by: Any) -> None:
    permit = draw_paper(f"Area permit DEMO-1 for {record.mine.name}")
    add_evidence(record=record, data=permit, kind="permit", caption="Area permit", file_name="permit.png", by=by)
    duty = record.payments.get(number=2)
    receipt = draw_paper(f"Customs receipt for {record.code}: 1850.00 INR")
    add_evidence(record=record, data=receipt, kind="receipt", payment=duty, caption="Receipt of the duty", file_name="receipt.png", by=by)


def _assess_some(story: Story) -> None:
    """The first record with all its flags, the next with the gravest; one suspended."""
    official = story.cast.of("official", "MOM")
    records = list(ProvenanceRecord.objects.order_by("code")[:4])
    for index, record in enumerate(records):
        fresh = find_record(record.code, official)
        flags = [one.code for one in fresh.raised_flags.all()]
        chosen = flags if index == 0 else [code for code in flags if code in {"armed_control", "armed_group_paid"}]
        for code in chosen:
            assess_flag(
                record=record,
                flag=code,
                decision="suspend" if index == 3 else "continue",
                reason="Read with the team's report; the facts are as recorded."
                if index != 3
                else "Who was paid, and why, is to be clarified first.",
                mitigation="" if index == 3 else "Samples for testing only; no purchase. To be looked at again before any trade.",
                shown_hash=find_flag(fresh, code).digest,
                password=story.cast.password,
                by=official,
            )


# --- Examples -------------------------------------------------------------------------------------------------------------------------


def examples(story: Story) -> list[tuple[str, str, dict[str, Any], Any]]:
    """Operation, caller, identifiers and body of each call; of an upload the body is the bytes."""
    official = story.cast.of("official", "MOM")
    call = "/api/v1/provenance/"
    own = ProvenanceRecord.objects.filter(owner__code="IREL").order_by("-code")
    record = find_record(own[0].code, official)
    flag = find_flag(record, "armed_control")
    lot = _unrecorded(story)
    assessment = {
        "flag": flag.flag.code,
        "decision": "continue",
        "reason": "Read with the team's report.",
        "mitigation": "Samples for testing only; no purchase.",
        "content_hash": flag.digest,
        "password": story.cast.password,
    }
    payment = {"payer": "the sender", "payee": "ferry (invented)", "payee_kind": "transporter", "reason": "transport"}
    new = {
        "mine": lot[1].code,
        "consignment": lot[0].code,
        "quantity_kg": "1200",
        "extraction_method": "in_situ_leach",
        "intermediaries": [{"name": "Invented Trading House", "role": "trader", "jurisdiction": "MM", "identified_by": "licence"}],
        "route": [{"kind": "border_post", "place": "Nampong (Pangsau Pass)", "jurisdiction": "IN", "conflict_area": "no"}],
        "payments": [payment | {"amount": "40000", "currency": "MMK"}],
    }
    code = {"code": record.code}
    return [
        (call, "collector", {}, new),
        (call + "{code}/parties/", "official", code, {"purpose": "Assessment of the red flags"}),
        (call + "{code}/{part}/", "collector", code | {"part": "payments"}, payment | {"amount": "15000", "currency": "MMK"}),
        (call + "{code}/assess/", "official", code, assessment),
        (call + "{code}/evidence/", "collector", code, draw_paper(f"Contract of {record.code}")),
    ]


def _unrecorded(story: Story) -> tuple[Consignment, Mine]:
    from samples.provenance.selectors import lots_without_record

    consignment, mine, _count = lots_without_record(story.cast.of("collector", "IREL"))[0]
    return consignment, mine
