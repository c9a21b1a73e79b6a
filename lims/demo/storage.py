"""The demonstration's stores: the laboratory's boxes, partly filled, with readings of their conditions; one example of each call."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from lims.core import clock
from lims.demo.journeys import Story
from samples.models import Sample
from samples.storage.models import Location, LocationKind
from samples.storage.services.arranging import create_location
from samples.storage.services.observing import record_reading
from samples.storage.services.storing import store_sample

LABORATORY = "BPL"
# A week of mornings in the pulp store, °C and % r.h.; one door stood open.
_READINGS = (("21.5", "44"), ("22.0", "45"), ("22.5", "47"), ("27.5", "63"), ("23.0", "51"), ("22.0", "46"), ("21.5", "45"))
_BOXES = ((9, 9, 34), (9, 9, 5), (6, 8, 0))


def lay_out(story: Story) -> None:
    """Build the store of the first laboratory and put reported samples into its boxes; a small store for the first firm."""
    technician, collector = story.cast.of("technician", LABORATORY), story.cast.of("collector", "IREL")
    with clock.set_to(story.today - timedelta(days=8)):
        site = _make(technician, "site", "Main building")
        climate = {"temperature_min_c": Decimal(15), "temperature_max_c": Decimal(25), "humidity_max_percent": Decimal(60)}
        room = _make(technician, "room", "Pulp store", site, locked=True, **climate)
        rack = _make(technician, "rack", "Rack A", room)
        boxes = [
            _make(technician, "box", f"Box {number}", rack, rows=rows, columns=columns)
            for number, (rows, columns, _filled) in enumerate(_BOXES, 1)
        ]
        guarded = {"radiation_controlled": True, "locked": True, "roles": ["technician", "receptionist"]}
        cage = _make(technician, "room", "Radiation store", site, **guarded)
        _make(technician, "box", "Drum 1", cage, rows=2, columns=4)
        depot = _make(collector, "site", "Myitkyina depot (invented)")
        _make(collector, "box", "Crate 1", depot, rows=3, columns=4)
    _fill(technician, boxes)
    for days, (temperature, humidity) in zip(range(len(_READINGS), 0, -1), _READINGS, strict=True):
        with clock.set_to(story.today - timedelta(days=days, hours=3)):
            record_reading(location=room, temperature_c=Decimal(temperature), humidity_percent=Decimal(humidity), by=technician)


def _make(by: Any, kind: str, name: str, parent: Location | None = None, **more: Any) -> Location:
    grid = {key: more.pop(key) for key in ("rows", "columns") if key in more}
    return create_location(kind=LocationKind.objects.get(code=kind), parent=parent, values={"name": name, **more}, by=by, **grid)


def _fill(by: Any, boxes: list[Location]) -> None:
    """The oldest reported samples, in the order of their codes, with a gap here and there."""
    free = Sample.objects.filter(laboratory__code=LABORATORY, holder__code=LABORATORY, state="reported", on_hold=False)
    waiting = iter(free.order_by("code"))
    for box, (_rows, _columns, filled) in zip(boxes, _BOXES, strict=True):
        positions = box.children.order_by("row", "column")[: filled + filled // 9]
        for number, position in enumerate(positions):
            if number % 9 != 7:
                store_sample(sample=next(waiting), position=position, by=by)


def examples(story: Story) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Operation, caller, code in the path and body of each call."""
    own = Location.objects.filter(organisation__code=LABORATORY)
    free = own.filter(kind__holds_samples=True, placement=None, parent__name="Box 3").order_by("code")
    stored = Sample.objects.filter(placement__location__in=own).order_by("code")
    loose = Sample.objects.filter(laboratory__code=LABORATORY, holder__code=LABORATORY, state="reported", placement=None, on_hold=False)
    room = own.get(name="Pulp store")
    spare = list(loose.order_by("code")[10:14])
    password = story.cast.password
    witness = story.cast.of("technician", LABORATORY).username
    leaving = {"reason": "The customer asked for it.", "witness": witness, "witness_password": password, "password": password}
    call = "/api/v1/samples/{code}/"
    return [
        (
            "/api/v1/storage/locations/",
            "technician",
            "",
            {"kind": "box", "name": "Box 4", "parent": own.get(name="Rack A").code, "rows": 9, "columns": 9},
        ),
        ("/api/v1/storage/locations/{code}/readings/", "technician", room.code, {"temperature_c": "22.5", "humidity_percent": "48"}),
        (f"{call}store/", "technician", loose.order_by("-code")[4].blind_code, {"position": free[0].code}),
        (f"{call}move/", "technician", stored[0].blind_code, {"position": free[1].code, "reason": "Scanned the wrong position."}),
        (
            "/api/v1/samples/composite/",
            "technician",
            "",
            {"shares": [{"sample": one.blind_code, "mass_g": "10"} for one in _alike(loose)], "mass_g": "20"},
        ),
        (f"{call}return/", "quality_manager", spare[0].blind_code, leaving),
        (f"{call}dispose/", "quality_manager", spare[1].blind_code, {**leaving, "reason": "Nothing is left to ask.", "early": True}),
        (
            "/api/v1/samples/departures/",
            "quality_manager",
            "",
            {**leaving, "samples": [spare[2].blind_code, spare[3].blind_code], "kind": "disposed", "early": True},
        ),
        (f"{call}take-out/", "technician", stored[1].blind_code, {"reason": "To be measured again."}),
    ]


def _alike(samples: QuerySet[Sample]) -> list[Sample]:
    """Two samples that may be mixed: of one owner, material and method, with enough left."""
    found: dict[tuple[Any, ...], Sample] = {}
    for one in samples.filter(mass_g__gt=20).order_by("-code"):
        key = (one.owner_id, one.material, one.method)
        if key in found:
            return [found[key], one]
        found[key] = one
    raise LookupError("the demonstration holds no two samples that may be mixed")
