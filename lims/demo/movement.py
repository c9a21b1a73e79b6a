"""Consignments left lying on the way for the calls that follow a journey's ways and byways, with one example of each call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings

from lims.core import clock
from lims.demo.story import Story
from samples.consignment_labels import print_box_label
from samples.models import Consignment, Sample
from samples.services.consigning import create_consignment, dispatch_consignment
from samples.services.handing_over import offer_handover
from samples.services.straying import lose_samples

LABORATORY, CARRIER = "BPL", "NEF"
PAPER = "handover-form.pdf"
_DISPATCHED = ("lost", "found", "refuse", "handover/here", "handover/token", "handover/paper")


def lay_out(story: Story, samples: Sequence[Sample]) -> dict[str, Consignment]:
    """Consignments of one sample each, by the step that may be tried on them."""
    collector = story.cast.of("collector", "IREL")
    made = {name: _dispatched(story, samples[index], index + 1) for index, name in enumerate(_DISPATCHED)}
    lose_samples(consignment=made["found"], reason="The lorry did not arrive at the depot.", by=collector)
    offer_handover(consignment=made["handover/token"], receiver=story.cast.organisations[CARRIER], by=collector)
    (settings.DATA_DIR / "demo").mkdir(parents=True, exist_ok=True)
    (settings.DATA_DIR / "demo" / PAPER).write_bytes(
        print_box_label(made["handover/paper"], printed_at=clock.now(), synthetic=True)  # stands for the scan of a form
    )
    return made


def _dispatched(story: Story, sample: Sample, number: int) -> Consignment:
    cast, collector = story.cast, story.cast.of("collector", "IREL")
    consignment = create_consignment(
        addressee=cast.organisations[LABORATORY],
        carrier=cast.organisations[CARRIER],
        samples=[sample],
        waybill=f"DEMO-WAY-{number}",
        border_post="Nampong (Pangsau Pass)",
        by=collector,
    )
    expected = clock.now() + timedelta(days=8)
    return dispatch_consignment(consignment=consignment, expected_by=expected, place="Myitkyina depot (invented)", by=collector)


def examples(story: Story, made: dict[str, Consignment]) -> list[tuple[str, dict[str, Any]]]:
    """Each call with the example of it."""
    password, now = story.cast.password, clock.now()
    paper = {
        "receiver": CARRIER,
        "giver_person": "Kiran Nair",
        "receiver_person": "Dilip Gogoi",
        "relinquished_at": (now - timedelta(hours=2)).isoformat(timespec="seconds"),
        "answered_at": (now - timedelta(hours=1)).isoformat(timespec="seconds"),
        "reason": "No network at the border.",
        "password": password,
    }
    username = story.cast.of("custodian", CARRIER).username
    bodies: dict[str, tuple[str, dict[str, Any]]] = {
        "lost": ("collector", {"reason": "The lorry was stolen.", "place": "Ledo road"}),
        "found": ("collector", {"place": "Digboi", "seals_intact": True}),
        "refuse": ("receptionist", {"reason": "The box is soaked."}),
        "handover/here": ("collector", {"taker": username, "taker_password": password, "password": password}),
        "handover/token": ("collector", {}),
        "handover/paper": ("collector", paper),
    }
    files = {"handover/paper": PAPER}
    found = []
    for name, (caller, body) in bodies.items():
        example = {"path": f"/api/v1/consignments/{made[name].code}/{name}/", "as": caller, "body": body}
        example |= {"content_type": "multipart/form-data", "file": files[name]} if name in files else {"content_type": "application/json"}
        found.append((f"/api/v1/consignments/{{code}}/{name}/", example))
    return found
