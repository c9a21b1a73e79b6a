"""Consignments left lying on the way for the calls that follow a journey's ways and byways, with one example of each call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings

from lims.core import clock
from lims.demo import ways
from lims.demo.journeys import Story
from samples.consignment_labels import print_box_label
from samples.models import Consignment, ConsignmentItem, RouteVersion, Sample
from samples.services.boxing import add_pack
from samples.services.consigning import create_consignment, dispatch_consignment, pack_samples
from samples.services.handing_over import offer_handover
from samples.services.returning import send_back
from samples.services.straying import lose_samples

LABORATORY, CARRIER = "BPL", "NEF"
PAPER = "handover-form.pdf"
_DISPATCHED = ("lost", "found", "refuse", "handover/here", "handover/token", "handover/paper", "legs", "expected", "customs")


def lay_out(story: Story, samples: Sequence[Sample]) -> dict[str, Consignment]:
    """Consignments of one sample each, by the step that may be tried on them."""
    collector = story.cast.of("collector", "IREL")
    route = ways.find_route_made(story)
    made = {
        name: _dispatched(story, samples[index], index + 1, route if name == "legs" else None) for index, name in enumerate(_DISPATCHED)
    }
    lose_samples(consignment=made["found"], reason="The lorry did not arrive at the depot.", by=collector)
    offer_handover(consignment=made["handover/token"], receiver=story.cast.organisations[CARRIER], by=collector)
    (settings.DATA_DIR / "demo").mkdir(parents=True, exist_ok=True)
    (settings.DATA_DIR / "demo" / PAPER).write_bytes(
        print_box_label(made["handover/paper"], printed_at=clock.now(), synthetic=True)  # stands for the scan of a form
    )
    made["packs"] = create_consignment(
        addressee=story.cast.organisations[LABORATORY], samples=[samples[len(_DISPATCHED)]], waybill="DEMO-PACKS", by=collector
    )
    pack_samples(
        consignment=made["packs"],
        samples=[samples[len(_DISPATCHED) + 1]],
        pack=add_pack(consignment=made["packs"], kind="drum", by=collector),
        by=collector,
    )
    return made


def _dispatched(story: Story, sample: Sample, number: int, route: RouteVersion | None) -> Consignment:
    cast, collector = story.cast, story.cast.of("collector", "IREL")
    consignment = create_consignment(
        addressee=cast.organisations[LABORATORY],
        carrier=cast.organisations[CARRIER],
        samples=[sample],
        waybill=f"DEMO-WAY-{number}",
        border_post="Nampong (Pangsau Pass)",
        by=collector,
    )
    if route is not None:
        ways.declare(consignment, by=collector)
        return dispatch_consignment(consignment=consignment, route=route, place="Myitkyina depot (invented)", by=collector)
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
        "legs": ("collector", {"leg": 1, "remark": "Slow, the road is wet."}),
        "expected": ("collector", {"expected_by": (now + timedelta(days=12)).isoformat(timespec="seconds"), "reason": "Landslide."}),
        "customs": ("collector", {"hs_code": "2530.90", "purpose": "testing only", "norm_notice": True, "soil_notice": True}),
        "customs/papers": ("collector", {"kind": "invoice", "number": "INV-1", "status": "granted"}),
    }
    files = {"handover/paper": PAPER}
    bodies["packs"] = ("collector", {"kind": "box"})
    made = made | {"customs/papers": made["customs"]}
    found = []
    for name, (caller, body) in bodies.items():
        example = {"path": f"/api/v1/consignments/{made[name].code}/{name}/", "as": caller, "body": body}
        example |= {"content_type": "multipart/form-data", "file": files[name]} if name in files else {"content_type": "application/json"}
        found.append((f"/api/v1/consignments/{{code}}/{name}/", example))
    seal = {"seal_number": "DP0001", "gross_kg": "4.250"}
    path = f"/api/v1/consignments/{made['packs'].code}/packs/1/seal/"
    found.append(
        (
            "/api/v1/consignments/{code}/packs/{number}/seal/",
            {"path": path, "as": "collector", "content_type": "application/json", "body": seal},
        )
    )
    return [*found, *_paper_examples(made["legs"]), *_route_examples(), *_onward_examples(story)]


def _onward_examples(story: Story) -> list[tuple[str, dict[str, Any]]]:
    """Back to the sender, and a portion to another laboratory, with certified samples that lie in no position."""
    receptionist = story.cast.of("receptionist", LABORATORY)
    free = Sample.objects.filter(laboratory__code=LABORATORY, state="reported", on_hold=False, has_open_discrepancy=False)
    items = ConsignmentItem.objects.filter(
        sample__in=free, removed_at=None, consignment__addressee__code=LABORATORY, consignment__sender__code="IREL"
    )
    first, second, third = items.select_related("consignment", "sample").order_by("sample__code")[:3]
    back = send_back(consignment=second.consignment, samples=[second.sample], reason="No longer needed.", by=receptionist)
    dispatch_consignment(consignment=back, by=receptionist)
    portion = {"addressee": "HYD", "portions": [{"sample": third.sample.code, "mass_g": "20"}]}
    call = "/api/v1/consignments/"
    calls: list[tuple[str, str, str, dict[str, Any]]] = [
        ("{code}/return/", f"{first.consignment.code}/return/", "receptionist", {"reason": "Asked back.", "samples": [first.sample.code]}),
        ("{code}/take-back/", f"{back.code}/take-back/", "collector", {"missing": []}),
    ]
    json = "application/json"
    return [
        *((call + name, {"path": call + path, "as": caller, "content_type": json, "body": body}) for name, path, caller, body in calls),
        ("/api/v1/reconsignments/", {"path": "/api/v1/reconsignments/", "as": "receptionist", "content_type": json, "body": portion}),
    ]


def _paper_examples(consignment: Consignment) -> list[tuple[str, dict[str, Any]]]:
    """What is done with one paper."""
    paper = consignment.papers.order_by("kind")[0]
    path, operation = (
        f"/api/v1/consignments/{consignment.code}/customs/papers/{paper.pk}/",
        "/api/v1/consignments/{code}/customs/papers/{id}/",
    )
    granted = {"status": "granted", "number": "EP-2026-17"}
    return [
        (operation, {"path": path, "as": "collector", "content_type": "application/json", "body": granted}),
        (
            f"{operation}files/",
            {"path": f"{path}files/", "as": "collector", "content_type": "multipart/form-data", "file": PAPER, "body": {}},
        ),
    ]


def _route_examples() -> list[tuple[str, dict[str, Any]]]:
    leg = {"mode": "road", "origin": "Dibrugarh", "destination": "Jorhat", "transit_days": "0.5", "cost": "4000", "currency": "INR"}
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("/api/v1/routes/", "/api/v1/routes/", {"code": "JORHAT", "name": "Dibrugarh to Jorhat", "legs": [leg]}),
        ("/api/v1/routes/{code}/versions/", "/api/v1/routes/PANGSAU/versions/", {"legs": [leg], "reason": "The pass is closed."}),
        ("/api/v1/routes/{code}/use/", "/api/v1/routes/PANGSAU/use/", {"active": True, "reason": "The road is mended."}),
        ("/api/v1/border-posts/", "/api/v1/border-posts/", {"code": "NAMPONG", "name": "Nampong (Pangsau Pass)", "status": "limited"}),
    ]
    return [
        (operation, {"path": path, "as": "official", "content_type": "application/json", "body": body}) for operation, path, body in calls
    ]
