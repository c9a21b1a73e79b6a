"""One sample lies in one position, everybody knows where, and the ledger has every time it was moved."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from lims.core.errors import Blocked, DomainError, Forbidden, Invalid
from samples.custody.comparing import compare_custody
from samples.custody.models import CustodyEvent
from samples.models import Sample
from samples.services.holding import hold_sample
from samples.services.splitting import Part, split_sample
from samples.storage.models import Location, Movement, Placement
from samples.storage.selectors import conditions_of, open_excursions, read_box, read_tree
from samples.storage.services.arranging import change_location
from samples.storage.services.observing import record_reading
from samples.storage.services.storing import move_sample, store_sample, take_out_sample
from tests.factories.bench import make_received_samples
from tests.factories.consignments import kinds_of, make_consignment
from tests.factories.people import Cast, make_cast
from tests.factories.samples import make_samples
from tests.factories.storage import make_box, make_place, position_in

D = Decimal


def everything() -> tuple[Any, ...]:
    """All that a refusal must leave as it was."""
    rows = [list(model.objects.order_by("pk").values()) for model in (Sample, Placement, Movement, Location)]
    return (*rows, CustodyEvent.objects.count())


def refuse(error: type[DomainError], call: Any, /, **arguments: Any) -> str:
    """The code of a refusal after which everything is as before."""
    before = everything()
    with pytest.raises(error) as refusal:
        call(**arguments)
    assert everything() == before
    return refusal.value.code


def test_a_sample_is_put_in_moved_and_taken_out(cast: Cast) -> None:
    [sample] = make_received_samples(cast, 1)
    box = make_box(cast)
    store_sample(sample=sample, position=position_in(box), by=cast.technician)
    sample.refresh_from_db()
    assert sample.place == "Bhopal Laboratory, Main building / Store 1 / Box 1 / A1"
    move_sample(sample=sample, position=position_in(box, "B3"), reason="scanned the wrong place", by=cast.technician)
    assert Placement.objects.get().location.name == "B3"
    sample = take_out_sample(sample=sample, reason="to be split", by=cast.analyst)
    assert (sample.place, Placement.objects.count()) == ("Bhopal Laboratory", 0)
    assert kinds_of(sample)[-3:] == ["stored", "moved", "taken_out"]
    assert [(one.source and one.source.name, one.target and one.target.name) for one in Movement.objects.order_by("pk")] == [
        (None, "A1"),
        ("A1", "B3"),
        ("B3", None),
    ]
    assert compare_custody().equal


def test_what_cannot_lie_there_is_refused_and_nothing_changes(cast: Cast) -> None:
    first, second = make_received_samples(cast, 2)
    box = make_box(cast)
    a1, a2 = position_in(box), position_in(box, "A2")
    store_sample(sample=first, position=a1, by=cast.technician)
    assert refuse(Blocked, store_sample, sample=second, position=a1, by=cast.technician) == "occupied"
    assert refuse(Blocked, store_sample, sample=first, position=a2, by=cast.technician) == "stored_already"
    assert refuse(Blocked, move_sample, sample=first, position=a1, reason="x", by=cast.technician) == "there_already"
    assert refuse(Blocked, move_sample, sample=second, position=a2, reason="x", by=cast.technician) == "not_stored"
    assert refuse(Blocked, take_out_sample, sample=second, reason="x", by=cast.technician) == "not_stored"
    assert refuse(Invalid, move_sample, sample=first, position=a2, reason=" ", by=cast.technician) == "reason_missing"
    assert refuse(Invalid, store_sample, sample=second, position=box, by=cast.technician) == "not_a_position"
    assert refuse(Forbidden, store_sample, sample=second, position=a2, by=cast.signatory) == "role"
    assert refuse(Blocked, store_sample, sample=second, position=a2, by=cast.outsiders["technician"]) == "not_holder"
    [travelling] = make_samples(cast)
    make_consignment(cast, 0, samples=[travelling])
    firm_box = make_box(cast, by=cast.collector)
    assert refuse(Blocked, store_sample, sample=travelling, position=position_in(firm_box), by=cast.collector) == "wrong_state"
    assert refuse(Forbidden, store_sample, sample=second, position=position_in(firm_box), by=cast.technician) == "not_your_place"


def test_the_database_itself_keeps_one_sample_in_one_position(cast: Cast) -> None:
    first, second = make_received_samples(cast, 2)
    box = make_box(cast)
    placement = store_sample(sample=first, position=position_in(box), by=cast.technician)
    for sample, position in [(second, position_in(box)), (first, position_in(box, "A2"))]:
        with pytest.raises(IntegrityError), transaction.atomic():
            Placement.objects.create(sample=sample, location=position, placed_by=cast.technician, placed_at=placement.placed_at)


def test_reserved_and_controlled_places_admit_only_what_they_are_for(cast: Cast) -> None:
    [sample] = make_received_samples(cast, 1)
    reserved = make_box(cast, roles=["receptionist"])
    controlled = make_box(cast, radiation_controlled=True, locked=True)
    assert refuse(Blocked, store_sample, sample=sample, position=position_in(reserved), by=cast.technician) == "not_admitted"
    store_sample(sample=sample, position=position_in(reserved), by=cast.receptionist)
    assert refuse(Blocked, take_out_sample, sample=sample, reason="x", by=cast.technician) == "not_admitted"
    take_out_sample(sample=sample, reason="to the dose meter", by=cast.receptionist)
    hold_sample(sample=sample, kind="safety", reason="2.1 µSv/h at the bag", by=cast.receptionist)
    assert refuse(Blocked, store_sample, sample=sample, position=position_in(reserved), by=cast.receptionist) == "radiation_controlled"
    store_sample(sample=sample, position=position_in(controlled), by=cast.receptionist)
    assert read_box(controlled, cast.receptionist)[0][0].word == "on hold"


def test_packing_splitting_and_receiving_leave_no_sample_behind_on_paper(cast: Cast) -> None:
    [sample] = make_samples(cast, 1, sealed=False)
    box = make_box(cast, by=cast.collector)
    store_sample(sample=sample, position=position_in(box), by=cast.collector)
    sample.refresh_from_db()
    [part] = split_sample(sample=sample, parts=[Part(mass_g=D(100))], remaining_g=D("2040.5"), by=cast.collector)
    assert part.place == "IREL (India) Limited"
    make_consignment(cast, 0, samples=[sample])
    assert Placement.objects.count() == 0
    assert kinds_of(sample)[-2:] == ["taken_out", "packed"]
    assert compare_custody().equal


def test_places_nest_by_kind_and_are_renamed_with_what_is_in_them(cast: Cast) -> None:
    box = make_box(cast)
    room = box.parent
    assert room is not None
    assert refuse(Invalid, make_place, by=cast.technician, kind="site", name="Inside out", parent=room) == "nesting"
    assert refuse(Invalid, make_place, by=cast.technician, kind="box", name="Loose") == "missing"
    assert refuse(Invalid, make_place, by=cast.technician, kind="box", name="Box 1", parent=room) == "record"
    assert refuse(Invalid, make_place, by=cast.technician, kind="box", name="a/b", parent=room) == "separator"
    assert refuse(Invalid, make_place, by=cast.technician, kind="box", name="Big", parent=room, rows=40, columns=2) == "grid"
    assert refuse(Invalid, make_place, by=cast.outsiders["technician"], kind="box", name="Mine", parent=room) == "not_your_place"
    change_location(
        location=room,
        values={"name": "Cold store", "temperature_min_c": D(2), "temperature_max_c": D(8)},
        reason="moved",
        by=cast.technician,
    )
    a1 = Location.objects.get(pk=position_in(box).pk)
    assert (a1.path, str(conditions_of(a1).temperature)) == ("Main building / Cold store / Box 1 / A1", "2 to 8 °C")
    [sample] = make_received_samples(cast, 1)
    store_sample(sample=sample, position=a1, by=cast.technician)
    assert refuse(Blocked, change_location, location=room, values={"active": False}, reason="leak", by=cast.technician) == "in_use"
    assert [(branch.location.name, branch.positions, branch.taken) for branch in read_tree(cast.analyst)] == [
        ("Main building", 6, 1),
        ("Cold store", 6, 1),
        ("Box 1", 6, 1),
    ]
    assert read_tree(cast.outsiders["analyst"]) == []


def test_a_reading_out_of_range_is_said_at_once_and_until_the_next_one(cast: Cast) -> None:
    box = make_box(cast, temperature_min_c=D(2), temperature_max_c=D(8), humidity_max_percent=D(60))
    assert record_reading(location=box, temperature_c=D("8.0"), by=cast.technician).excursion == ""
    warm = record_reading(location=box, temperature_c=D("10.5"), humidity_percent=D("61.0"), by=cast.technician)
    assert warm.excursion == "2.5 °C above 8 °C, 1.0 % r.h. above 60 % r.h."
    assert open_excursions(cast.quality_manager) == [warm]
    record_reading(location=box, temperature_c=D("4.0"), humidity_percent=D("40"), by=cast.technician)
    assert open_excursions(cast.quality_manager) == []
    assert refuse(Invalid, record_reading, location=box, by=cast.technician) == "missing"
    assert refuse(Invalid, record_reading, location=box, humidity_percent=D(101), by=cast.technician) == "out_of_range"


def test_of_two_people_with_one_position_the_second_is_told(fresh_database: str) -> None:
    cast = make_cast()
    samples = make_received_samples(cast, 2)
    position = position_in(make_box(cast))
    outcomes: list[str] = []

    def put(sample: Sample) -> None:
        try:
            store_sample(sample=sample, position=position, by=cast.technician)
            outcomes.append("stored")
        except Blocked as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=put, args=[sample]) for sample in samples]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["occupied", "stored"]
    assert compare_custody().equal
