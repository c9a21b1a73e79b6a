"""Routes with versions, papers that stop a leg, seasons, promises and the alarm when one is broken."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from lims.core import clock
from lims.core.errors import Blocked, Forbidden, Invalid
from lims.core.models import Installation
from samples.models import BorderPost, Consignment, CustomsPaper, OverdueAlarm, RouteVersion, Sample
from samples.selectors.routes import way_of
from samples.services.consigning import dispatch_consignment
from samples.services.customs import add_file, add_paper, change_paper, declare_contents
from samples.services.photographing import TooLarge
from samples.services.routing import Leg, create_route, keep_post, revise_route
from samples.services.travelling import expect_later, pass_leg, raise_overdue_alarms
from tests.factories.consignments import kinds_of, make_consignment, make_dispatched, nothing_changes, samples_of
from tests.factories.people import Cast
from tests.samples.services.test_meeting import PDF

ALL_YEAR = tuple(range(1, 13))


def make_route(cast: Cast, code: str = "NAMPONG-1", closed: tuple[int, ...] = ()) -> RouteVersion:
    """By road to the post, over it with an export permit, on by road."""
    legs = [
        Leg(mode="road", origin="Myitkyina", destination="Pangsau", transit_days=Decimal("1.5"), hazard="mud", closed_months=closed),
        Leg(
            mode="border_post",
            origin="Pangsau",
            destination="Nampong",
            border_post="nampong",
            transit_days=Decimal("0.5"),
            papers=["export_permit", "soil_permit"],
        ),
        Leg(mode="road", origin="Nampong", destination="Dibrugarh", transit_days=Decimal(2), cost=Decimal(12000), currency="inr"),
    ]
    return create_route(code=code, name="Myitkyina to Dibrugarh", legs=legs, by=cast.official)


def ready(cast: Cast, version: RouteVersion) -> Consignment:
    """Packed for the route with everything declared and applied for."""
    consignment = make_consignment(cast, 1, route=version)
    declare_contents(
        consignment=consignment, hs_code="2530 90", purpose="testing only", norm_notice=False, soil_notice=True, by=cast.collector
    )
    for kind in ("export_permit", "soil_permit"):
        add_paper(consignment=consignment, kind=kind, by=cast.collector)
    return Consignment.objects.get(pk=consignment.pk)


def test_a_change_of_a_route_is_a_new_version(cast: Cast) -> None:
    first = make_route(cast)
    by_air = Leg(mode="air", origin="A", destination="B", transit_days=Decimal(1))
    second = revise_route(route=first.route, legs=[by_air], reason="flood", by=cast.official)
    assert (second.number, first.legs.count(), second.legs.count()) == (2, 3, 1)
    consignment = make_consignment(cast, 1, route=first)
    with nothing_changes(consignment), pytest.raises(Invalid, match="version 2"):
        dispatch_consignment(consignment=consignment, by=cast.collector)
    with pytest.raises(Forbidden):
        revise_route(route=first.route, legs=[], reason="x", by=cast.collector)


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"mode": "camel"}, "/legs/0/mode"),
        ({"mode": "border_post"}, "/legs/0/border_post"),
        ({"transit_days": Decimal("NaN")}, "/legs/0/transit_days"),
        ({"cost": Decimal(5)}, "/legs/0/currency"),
        ({"closed_months": [13]}, "/legs/0/closed_months"),
        ({"papers": ["passport"]}, "/legs/0/papers"),
        ({"origin": " "}, "/legs/0/origin"),
    ],
)
def test_legs_that_cannot_be_are_named(cast: Cast, wrong: dict[str, Any], pointer: str) -> None:
    words: dict[str, Any] = {"mode": "road", "origin": "A", "destination": "B", "transit_days": Decimal(1)}
    with pytest.raises(Invalid) as refusal:
        create_route(code="X-1", name="A to B", legs=[Leg(**(words | wrong))], by=cast.official)
    assert (refusal.value.problems[0].pointer, RouteVersion.objects.count()) == (pointer, 0)


def test_a_route_computes_when_it_should_arrive_and_names_what_is_missing(cast: Cast) -> None:
    version = make_route(cast)
    bare = make_consignment(cast, 1, route=version)
    with nothing_changes(bare), pytest.raises(Blocked) as refusal:
        dispatch_consignment(consignment=bare, by=cast.collector)
    assert [one.code for one in refusal.value.blockers] == ["hs_code_missing", "soil_notice_missing", "paper_missing"]
    sent = dispatch_consignment(consignment=ready(cast, version), by=cast.collector)
    assert sent.dispatched_at is not None
    assert sent.expected_by == sent.dispatched_at + timedelta(days=4)


def test_a_closed_season_needs_a_reason_that_is_kept(cast: Cast) -> None:
    consignment = ready(cast, make_route(cast, closed=ALL_YEAR))
    with nothing_changes(consignment), pytest.raises(Invalid) as refusal:
        dispatch_consignment(consignment=consignment, by=cast.collector)
    assert refusal.value.code == "season_reason_missing"
    sent = dispatch_consignment(consignment=consignment, season_reason="army convoy", by=cast.collector)
    assert sent.season_reason == "army convoy"


def test_a_leg_is_passed_in_order_and_with_its_papers_granted(cast: Cast) -> None:
    consignment = dispatch_consignment(consignment=ready(cast, make_route(cast)), by=cast.collector)
    pass_leg(consignment=consignment, leg_number=1, by=cast.collector)
    for leg, kind, code in ((2, Blocked, "paper_missing"), (1, Invalid, "leg"), (9, Invalid, "leg")):
        with nothing_changes(consignment), pytest.raises(kind) as refusal:
            pass_leg(consignment=consignment, leg_number=leg, by=cast.collector)
        assert refusal.value.code == code  # type: ignore[attr-defined]
    for paper in CustomsPaper.objects.filter(consignment=consignment):
        change_paper(paper=paper, status="granted", number="EP-1", by=cast.collector)
    pass_leg(consignment=consignment, leg_number=2, place="Nampong gate", by=cast.collector)
    consignment.refresh_from_db()
    sample = samples_of(consignment)[0]
    assert (consignment.last_seen, sample.place, kinds_of(sample)[-2:]) == ("Nampong gate", "Nampong gate", ["passed", "passed"])
    assert [view.badge[0] for view in way_of(consignment, cast.official)] == ["pass", "pass", "wait"]
    assert way_of(consignment, cast.receptionist) == []
    with nothing_changes(consignment), pytest.raises(Blocked, match="holds"):
        pass_leg(consignment=consignment, leg_number=3, by=cast.receptionist)


def test_papers_that_ran_out_or_cannot_be_are_refused(cast: Cast) -> None:
    consignment = ready(cast, make_route(cast))
    paper = CustomsPaper.objects.filter(consignment=consignment, kind="export_permit").get()
    change_paper(paper=paper, status="granted", number="EP-1", valid_until=date(2020, 1, 1), by=cast.collector)
    with nothing_changes(consignment), pytest.raises(Blocked, match="Export permit"):
        dispatch_consignment(consignment=consignment, by=cast.collector)
    wrong: list[dict[str, Any]] = [
        {"status": "granted"},
        {"status": "bribed"},
        {"status": "granted", "number": "1", "valid_from": date(2026, 2, 2), "valid_until": date(2026, 2, 1)},
    ]
    for words in wrong:
        with pytest.raises(Invalid):
            add_paper(consignment=consignment, kind="invoice", by=cast.collector, **words)
    with pytest.raises(Forbidden):
        add_paper(consignment=consignment, kind="invoice", by=cast.outsiders["collector"])
    kept = add_file(paper=paper, name="../../etc/pass<wd>.exe", data=PDF, by=cast.collector)
    assert (kept.content_type, kept.name) == ("application/pdf", "pass_wd_.exe")
    with pytest.raises(Invalid):
        add_file(paper=paper, name="permit.pdf", data=b"<svg onload=alert(1)>", by=cast.collector)
    with pytest.raises(TooLarge):
        add_file(paper=paper, name="permit.pdf", data=b"%PDF-" + b"0" * 16 * 2**20, by=cast.collector)


def test_a_broken_promise_raises_one_alarm_and_a_new_promise_ends_it(cast: Cast, synthetic: Installation) -> None:
    consignment = make_dispatched(cast, 1)
    assert raise_overdue_alarms() == []
    with clock.set_to(clock.now() + timedelta(days=4)):
        assert [one.consignment_id for one in raise_overdue_alarms()] == [consignment.pk]
        assert raise_overdue_alarms() == []
        with pytest.raises(Invalid):
            expect_later(consignment=consignment, expected_by=clock.now() - timedelta(days=1), reason="late", by=cast.collector)
        with pytest.raises(Invalid):
            expect_later(consignment=consignment, expected_by=clock.now() + timedelta(days=500), reason="late", by=cast.collector)
        with pytest.raises(Forbidden):
            expect_later(consignment=consignment, expected_by=clock.now() + timedelta(days=1), reason="late", by=cast.custodian)
        expect_later(consignment=consignment, expected_by=clock.now() + timedelta(days=1), reason="landslide", by=cast.collector)
        assert raise_overdue_alarms() == []
    assert OverdueAlarm.objects.count() == 1


def test_posts_are_data_with_a_status(cast: Cast) -> None:
    assert BorderPost.objects.get(code="NAMPONG").status == "closed"
    keep_post(code="nampong", name="Nampong", status="limited", remark="telephoned", by=cast.official)
    assert BorderPost.objects.get(code="NAMPONG").name == "Nampong"
    with pytest.raises(Invalid):
        keep_post(code="X9", name="Moreh", status="open", by=cast.official)
    with pytest.raises(Forbidden):
        keep_post(code="X9", name="Elsewhere", status="open", by=cast.collector)
    assert not Sample.objects.exists()
