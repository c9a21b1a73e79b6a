"""Consignments left lying on the way for the calls that follow a journey's ways and byways, with one example of each call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from lims.core import clock
from lims.demo.story import Story
from samples.models import Consignment, Sample
from samples.services.consigning import create_consignment, dispatch_consignment
from samples.services.straying import lose_samples

LABORATORY, CARRIER = "BPL", "NEF"
_DISPATCHED = ("lost", "found", "refuse")


def lay_out(story: Story, samples: Sequence[Sample]) -> dict[str, Consignment]:
    """Consignments of one sample each, by the step that may be tried on them."""
    cast, collector = story.cast, story.cast.of("collector", "IREL")
    made = {}
    for index, name in enumerate(_DISPATCHED):
        consignment = create_consignment(
            addressee=cast.organisations[LABORATORY],
            carrier=cast.organisations[CARRIER],
            samples=[samples[index]],
            waybill=f"DEMO-WAY-{index + 1}",
            border_post="Nampong (Pangsau Pass)",
            by=collector,
        )
        made[name] = dispatch_consignment(
            consignment=consignment, expected_by=clock.now() + timedelta(days=8), place="Myitkyina depot (invented)", by=collector
        )
    lose_samples(consignment=made["found"], reason="The lorry did not arrive at the depot.", by=collector)
    return made


def examples(made: dict[str, Consignment]) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Operation, caller, code of the consignment and body of each call."""
    call = "/api/v1/consignments/{code}/"
    bodies: dict[str, tuple[str, dict[str, Any]]] = {
        "lost": ("collector", {"reason": "The lorry was stolen.", "place": "Ledo road"}),
        "found": ("collector", {"place": "Digboi", "seals_intact": True}),
        "refuse": ("receptionist", {"reason": "The box is soaked."}),
    }
    return [(f"{call}{name}/", caller, made[name].code, body) for name, (caller, body) in bodies.items()]
