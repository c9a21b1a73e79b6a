"""Random histories through the services: whatever people do in whatever order, no gram, container or event is lost, nothing has two
holders, and what is stored follows from the ledger.

The default is a fixed profile of a few seconds. `LIMS_HISTORIES=500 pytest tests/samples/test_histories.py` tries as many, at random.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lims.core.errors import DomainError
from samples.custody.comparing import compare_custody
from samples.custody.models import CustodyEvent, CustodyHead
from samples.custody.verifying import verify_custody
from samples.models import Consignment, ConsignmentItem, Discrepancy, Handover, Hold, Sample
from samples.services.compositing import Share, composite_samples
from samples.services.consigning import create_consignment, dispatch_consignment, pack_samples, unpack_sample
from samples.services.consuming import advance_sample, consume_mass
from samples.services.disposing import dispose_sample, return_sample
from samples.services.handing_over import answer_handover, offer_handover
from samples.services.holding import hold_sample, release_hold
from samples.services.receiving import receive_consignment
from samples.services.settling import settle_discrepancy
from samples.services.splitting import Part, split_sample
from samples.services.straying import find_samples, lose_samples, refuse_receipt
from samples.storage.models import Location, Placement
from samples.storage.services.storing import move_sample, store_sample, take_out_sample
from tests.factories.consignments import found_as_sent
from tests.factories.people import PASSWORD, Cast
from tests.factories.samples import make_mine, make_samples
from tests.factories.storage import make_box

D = Decimal
_NOTHING = D(0)
_MANY = int(os.environ.get("LIMS_HISTORIES", "0"))
# Steps are drawn as a name and three numbers that choose among what there is, so that every draw means something in every history.
STEP = st.tuples(st.integers(0, 999), st.integers(0, 99), st.integers(0, 99), st.integers(1, 999))


@dataclass
class Ledger:
    """What must add up, counted beside the product: grams and containers that came, changed and went."""

    registered_g: Decimal = _NOTHING
    reweighed_g: Decimal = _NOTHING
    gone_g: Decimal = _NOTHING
    containers: int = 0
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)


class World:
    """One history under way: people, boxes, and the steps that can be taken."""

    def __init__(self, cast: Cast, boxes: list[Location]) -> None:
        self.cast, self.boxes, self.ledger = cast, boxes, Ledger()
        self.carrier, self.lab = cast.organisations["carrier"], cast.organisations["lab"]
        self.steps: list[Callable[[int, int, int], None]] = [
            *[self.register, self.pack, self.dispatch, self.offer, self.answer, self.answer, self.receive, self.receive],
            *[self.unpack, self.lose, self.find, self.refuse, self.settle, self.split, self.composite, self.progress],
            *[self.consume, self.store, self.store, self.move, self.take_out, self.hold, self.release, self.dispose, self.give_back],
        ]

    def take(self, step: tuple[int, int, int, int]) -> None:
        """One step; a refusal is an answer too, and must change nothing."""
        number, first, second, size = step
        call = self.steps[number % len(self.steps)]
        before = (CustodyEvent.objects.count(), list(Sample.objects.order_by("pk").values_list("pk", "state", "holder", "mass_g", "place")))
        try:
            with transaction.atomic():
                call(first, second, size)
            self.ledger.done[call.__name__] += 1
        except (DomainError, IndexError) as error:
            self.ledger.refused[f"{call.__name__}: {getattr(error, 'code', 'nothing there')}"] += 1
            after = (
                CustodyEvent.objects.count(),
                list(Sample.objects.order_by("pk").values_list("pk", "state", "holder", "mass_g", "place")),
            )
            assert after == before

    # --- Choosing -----------------------------------------------------------------------------------------------------------------------

    def sample(self, number: int, **wanted: Any) -> Sample:
        found = list(Sample.objects.filter(**wanted).order_by("code"))
        if not found:
            raise IndexError
        return found[number % len(found)]

    def consignment(self, number: int, *states: str) -> Consignment:
        found = list(Consignment.objects.filter(state__in=states).order_by("code"))
        if not found:
            raise IndexError
        return found[number % len(found)]

    def keeper(self, sample: Sample) -> Any:
        """Somebody of the holder's who may work with the sample."""
        at_home = {self.lab.pk: self.cast.technician, self.carrier.pk: self.cast.custodian}
        return at_home.get(sample.holder_id, self.cast.collector)

    # --- Steps --------------------------------------------------------------------------------------------------------------------------

    def register(self, first: int, second: int, size: int) -> None:
        mass = D(size) + D("0.125")
        make_samples(self.cast, 1, mass_g=mass, container_count=1 + second % 3, mine=["PW1", "CH2"][first % 2])
        self.ledger.registered_g += mass
        self.ledger.containers += 1 + second % 3

    def pack(self, first: int, second: int, size: int) -> None:
        sample = self.sample(first, state="collected")
        if size % 3:
            create_consignment(addressee=self.lab, carrier=self.carrier, samples=[sample], by=self.cast.collector)
        else:
            pack_samples(consignment=self.consignment(second, "packing"), samples=[sample], by=self.cast.collector)

    def unpack(self, first: int, second: int, size: int) -> None:
        box = self.consignment(first, "packing")
        unpack_sample(consignment=box, sample=self.sample(second, consignment_items__consignment=box), by=self.cast.collector)

    def dispatch(self, first: int, second: int, size: int) -> None:
        dispatch_consignment(consignment=self.consignment(first, "packing"), place=f"depot {second % 3}", by=self.cast.collector)

    def offer(self, first: int, second: int, size: int) -> None:
        box = self.consignment(first, "dispatched")
        giver = {self.lab.pk: self.cast.receptionist, self.carrier.pk: self.cast.custodian}.get(box.holder_id, self.cast.collector)
        receiver = [self.carrier, self.lab, self.cast.organisations["irel"]][second % 3]
        offer_handover(consignment=box, receiver=receiver, place="" if size % 2 else f"post {size % 4}", by=giver)

    def answer(self, first: int, second: int, size: int) -> None:
        waiting = list(Handover.objects.filter(state="pending").order_by("pk"))
        handover = waiting[first % len(waiting)] if waiting else None
        if handover is None:
            raise IndexError
        taker = {self.lab.pk: self.cast.receptionist, self.carrier.pk: self.cast.custodian}.get(handover.receiver_id, self.cast.collector)
        answer_handover(handover=handover, accept=size % 5 != 0, remark="looked at", place="" if second % 2 else "gate", by=taker)

    def receive(self, first: int, second: int, size: int) -> None:
        box = self.consignment(first, "dispatched", "received")
        coming = [
            item.sample for item in box.items.filter(removed_at=None, sample__state__in=["in_transit", "lost"]).order_by("sample__code")
        ]
        changes: list[dict[str, Any]] = [
            {},
            {"mass_g": D(size)},
            {"container_count": 1 + size % 2},
            {"seal_condition": "broken"},
            {"mass_g": None},
        ]
        items = []
        weighed = D(0)
        counted = 0
        for index, sample in enumerate(coming[: 1 + second % 4]):
            found = found_as_sent(sample, **changes[(second + index) % len(changes)])
            items.append(found)
            weighed += (found.mass_g - sample.mass_g) if found.mass_g is not None else D(0)
            counted += (found.container_count or sample.container_count) - sample.container_count
        receive_consignment(consignment=box, items=items, by=self.cast.receptionist)
        self.ledger.reweighed_g += weighed
        self.ledger.containers += counted

    def lose(self, first: int, second: int, size: int) -> None:
        lose_samples(consignment=self.consignment(first, "dispatched"), reason="not there", by=self.cast.collector)

    def find(self, first: int, second: int, size: int) -> None:
        box = self.consignment(first, "dispatched", "lost", "received")
        find_samples(consignment=box, place=f"ditch {second % 2}", by=self.cast.collector)

    def refuse(self, first: int, second: int, size: int) -> None:
        refuse_receipt(consignment=self.consignment(first, "dispatched"), reason="wet", by=self.cast.receptionist)

    def settle(self, first: int, second: int, size: int) -> None:
        found = list(Discrepancy.objects.undecided().order_by("pk"))
        if not found:
            raise IndexError
        one = found[first % len(found)]
        decision = ["accept", "accept", "refuse", "lost"][second % 4]
        settle_discrepancy(discrepancy=one, decision=decision, reason="looked into", password=PASSWORD, by=self.cast.quality_manager)

    def split(self, first: int, second: int, size: int) -> None:
        sample = self.sample(first, mass_g__gt=0)
        share = (sample.mass_g * (size % 60) / 100).quantize(D("0.001"))
        loss = (sample.mass_g * (second % 4) / 100).quantize(D("0.001"))
        parts = [Part(mass_g=share), Part(mass_g=share / 2 if share == share.quantize(D("0.01")) else share, kind="reject")][
            : 1 + second % 2
        ]
        rest = sample.mass_g - sum((part.mass_g for part in parts), D(0)) - loss
        made = split_sample(sample=sample, parts=parts, remaining_g=rest, reason="" if size % 2 else "dust", by=self.keeper(sample))
        self.ledger.gone_g += loss
        self.ledger.containers += sum(part.container_count for part in made)

    def composite(self, first: int, second: int, size: int) -> None:
        one = self.sample(first, mass_g__gt=0)
        alike = {"holder": one.holder, "laboratory": one.laboratory, "mass_g__gt": 0}
        other = self.sample(second, **alike)
        shares = [Share(sample=sample, mass_g=(sample.mass_g / 2).quantize(D("0.001"))) for sample in (one, other)]
        total = sum((share.mass_g for share in shares), D(0))
        made = composite_samples(shares=shares, mass_g=total - D("0.001") * (size % 3), by=self.keeper(one))
        self.ledger.gone_g += D("0.001") * (size % 3)
        self.ledger.containers += made.container_count

    def progress(self, first: int, second: int, size: int) -> None:
        sample = self.sample(first, laboratory=self.lab)
        step = ["prepare", "analyse"][second % 2]
        advance_sample(sample=sample, step=step, by=self.cast.technician)

    def consume(self, first: int, second: int, size: int) -> None:
        sample = self.sample(first, laboratory=self.lab)
        consume_mass(sample=sample, mass_g=D(size) / 1000, purpose="test portion", by=self.cast.technician)
        self.ledger.gone_g += D(size) / 1000

    def position(self, sample: Sample, number: int) -> Location:
        box = next(box for box in self.boxes if (box.organisation_id == self.lab.pk) == (sample.holder_id == self.lab.pk))
        positions = list(box.children.order_by("row", "column"))
        return positions[number % len(positions)]

    def store(self, first: int, second: int, size: int) -> None:
        sample = self.sample(first)
        store_sample(sample=sample, position=self.position(sample, second), by=self.keeper(sample))

    def move(self, first: int, second: int, size: int) -> None:
        sample = self.sample(first, placement__isnull=False)
        move_sample(sample=sample, position=self.position(sample, second), reason="tidied up", by=self.keeper(sample))

    def take_out(self, first: int, second: int, size: int) -> None:
        sample = self.sample(first, placement__isnull=False)
        take_out_sample(sample=sample, reason="needed", by=self.keeper(sample))

    def hold(self, first: int, second: int, size: int) -> None:
        kind = ["customer", "quality", "custody"][second % 3]
        hold_sample(sample=self.sample(first), kind=kind, reason="to be asked", by=self.cast.quality_manager)

    def release(self, first: int, second: int, size: int) -> None:
        found = list(Hold.objects.filter(released_at=None).order_by("pk"))
        if not found:
            raise IndexError
        release_hold(hold=found[first % len(found)], reason="answered", by=self.cast.quality_manager)

    def dispose(self, first: int, second: int, size: int) -> None:
        sample = self.sample(first, laboratory=self.lab)
        dispose_sample(sample=sample, early=True, by=self.cast.quality_manager, **self._witnessed())
        self.ledger.gone_g += sample.mass_g

    def give_back(self, first: int, second: int, size: int) -> None:
        return_sample(sample=self.sample(first, laboratory=self.lab), by=self.cast.quality_manager, **self._witnessed())

    def _witnessed(self) -> dict[str, Any]:
        return {"reason": "over", "witness": self.cast.technician, "witness_password": PASSWORD, "password": PASSWORD}

    # --- What must hold -----------------------------------------------------------------------------------------------------------------

    def check(self) -> None:
        rows = list(Sample.objects.values_list("mass_g", "container_count"))
        book = self.ledger
        assert sum((mass for mass, _ in rows), D(0)) == book.registered_g + book.reweighed_g - book.gone_g, "a gram is lost or found"
        assert sum(count for _, count in rows) == book.containers, "a container is lost or found"
        under_way = ConsignmentItem.objects.filter(removed_at=None, consignment__state__in=["packing", "dispatched"])
        travelling = under_way.filter(sample__state__in=["packed", "in_transit"]).values_list("sample", flat=True)
        assert len(travelling) == len(set(travelling)), "a sample travels twice"
        assert not Placement.objects.filter(sample__state__in=["packed", "in_transit", "lost", "returned", "disposed"]).exists()
        compared = compare_custody()
        assert [str(one) for one in compared.first] == []
        assert compared.events == sum(CustodyHead.objects.values_list("seq", flat=True)), "an event is lost"
        assert verify_custody().clean


@pytest.fixture
def boxes(cast: Cast) -> list[Location]:
    """A small box at the laboratory and one at the firm."""
    make_mine()
    make_mine("CH2", "Chipwe South")
    return [make_box(cast, rows=1, columns=3), make_box(cast, by=cast.collector, rows=1, columns=3)]


@settings(
    max_examples=_MANY or 6,
    derandomize=not _MANY,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(steps=st.lists(STEP, min_size=10, max_size=40))
def test_whatever_happens_nothing_is_lost(cast: Cast, boxes: list[Location], steps: list[tuple[int, int, int, int]]) -> None:
    with transaction.atomic():
        world = World(cast, boxes)
        for number in range(4):
            world.register(number, number, 400 + number)
        for step in steps:
            world.take(step)
        world.check()
        transaction.set_rollback(True)


def test_a_whole_life_through_every_step_adds_up(cast: Cast, boxes: list[Location]) -> None:
    """Not at random: every step of the histories succeeds at least once, so the histories mean something."""
    world = World(cast, boxes)
    for number in range(6):
        world.register(number, number, 500)
    story = [
        *[("store", 0, 0, 1), ("move", 0, 1, 1), ("take_out", 0, 0, 1), ("composite", 1, 2, 1), ("split", 0, 1, 20), ("store", 0, 0, 1)],
        *[("pack", 0, 0, 1), ("pack", 0, 0, 3), ("pack", 0, 0, 3), ("unpack", 0, 0, 1), ("pack", 0, 0, 3), ("pack", 0, 0, 3)],
        *[("dispatch", 0, 1, 1), ("offer", 0, 0, 1), ("answer", 0, 1, 5), ("offer", 0, 0, 2), ("answer", 0, 1, 1)],
        *[("lose", 0, 0, 1), ("find", 0, 0, 1), ("offer", 0, 1, 2), ("answer", 0, 0, 1), ("receive", 0, 3, 450)],
        *[("settle", 0, 0, 1), ("settle", 0, 0, 1), ("settle", 0, 2, 1), ("settle", 0, 2, 1)],
        *[("progress", index, 0, 1) for index in range(4)],
        *[("consume", index, 0, 100) for index in range(4)],
        *[("hold", 0, 0, 1), ("release", 0, 0, 1), ("dispose", 0, 0, 1), ("give_back", 1, 0, 1), ("give_back", 2, 0, 1)],
        *[("pack", 0, 0, 1), ("dispatch", 0, 0, 1), ("refuse", 0, 0, 1)],
    ]
    names = [step.__name__ for step in world.steps]
    for name, first, second, size in story:
        world.take((names.index(name), first, second, size))
    assert set(names) - set(world.ledger.done) == {"register"}, world.ledger.refused
    world.check()
