"""Mines, pits and visits: what is recorded, by whom, and what stays in history."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from lims.core import clock
from lims.core.codes import check_code
from lims.core.errors import Blocked, Forbidden, Invalid
from samples.models import Mine, Pit, Visit, VisitMember
from samples.models.visits import VisitMine
from samples.services.placing import change_mine, record_mine, record_pit
from samples.services.registering import register_samples
from samples.services.visiting import Member, VisitRecord, change_visit, record_visit
from tests.factories.people import Cast
from tests.factories.samples import make_mine, make_record

MINE = {"code": "kp4", "name": "Kanpaikti East", "belt": "Chipwe–Pangwa belt"}


def visit_record(cast: Cast, **more: Any) -> VisitRecord:
    today = clock.today()
    fields = {
        "purpose": "Channel sampling of two leach fields",
        "starts_on": today - timedelta(days=5),
        "ends_on": today - timedelta(days=1),
        "mines": [make_mine()],
        "members": [
            Member(organisation=cast.organisations["irel"], name="A. Rao", duty="leader"),
            Member(organisation=cast.organisations["midwest"], name="K. Iyer", duty="geologist"),
        ],
        "permits": "District office, 12/2026, until 31 December 2026",
    }
    return VisitRecord(**(fields | more))


def test_mine_is_recorded_under_a_code_in_capitals(cast: Cast) -> None:
    mine = record_mine(values={**MINE, "latitude": Decimal("25.1"), "longitude": Decimal("98.2")}, by=cast.collector)
    assert Mine.objects.get(pk=mine.pk).code == "KP4"
    version = Mine.pgh_event_model.objects.get(pgh_obj_id=mine.pk)  # type: ignore[attr-defined]
    assert version.pgh_context["reason"] == "mine recorded"


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"code": ""}, "/code"),
        ({"code": "PW1"}, "/code"),
        ({"name": "Pangwa North"}, "/name"),
        ({"latitude": Decimal("95"), "longitude": Decimal("98")}, "/latitude"),
        ({"latitude": Decimal("25")}, "/longitude"),
    ],
)
def test_wrong_mine_is_refused_at_its_member(cast: Cast, values: dict[str, Any], pointer: str) -> None:
    make_mine()
    with pytest.raises(Invalid) as refusal:
        record_mine(values=MINE | values, by=cast.official)
    assert [problem.pointer for problem in refusal.value.problems] == [pointer]
    assert Mine.objects.count() == 1


def test_mine_is_corrected_with_a_reason_that_stays(cast: Cast) -> None:
    mine = make_mine()
    with pytest.raises(Invalid):
        change_mine(mine=mine, values={"belt": "Momauk belt"}, reason=" ", by=cast.official)
    change_mine(mine=mine, values={"belt": "Momauk belt"}, reason="wrong belt on the map", by=cast.official)
    versions = Mine.pgh_event_model.objects.filter(pgh_obj_id=mine.pk).order_by("pgh_id")  # type: ignore[attr-defined]
    assert [(version.belt, (version.pgh_context or {}).get("reason")) for version in versions][-1] == (
        "Momauk belt",
        "wrong belt on the map",
    )


def test_pit_code_stands_once_per_mine(cast: Cast) -> None:
    mine = make_mine()
    record_pit(mine=mine, values={"code": "t7", "kind": "trench"}, by=cast.collector)
    with pytest.raises(Invalid):
        record_pit(mine=mine, values={"code": "T7", "kind": "trench"}, by=cast.collector)
    assert Pit.objects.filter(mine=mine, code="T7").count() == 1


@pytest.mark.parametrize("role", ["custodian", "receptionist", "analyst", "quality_manager", "administrator"])
def test_others_record_neither_mines_nor_visits(cast: Cast, role: str) -> None:
    with pytest.raises(Forbidden):
        record_mine(values=MINE, by=cast.people[role])
    with pytest.raises(Forbidden):
        record_visit(record=visit_record(cast), by=cast.people[role])


def test_visit_of_a_joint_team_is_recorded(cast: Cast) -> None:
    visit = record_visit(record=visit_record(cast), by=cast.collector)
    assert check_code(visit.code).startswith("V-")
    assert visit.organisation == cast.organisations["irel"]
    assert [str(mine) for mine in visit.mines.all()] == ["Pangwa North"]
    assert {member.organisation.code for member in visit.members.all()} == {"IREL", "MIDWEST"}


def test_partner_firm_sees_the_visit_and_strangers_do_not(cast: Cast) -> None:
    visit = record_visit(record=visit_record(cast), by=cast.collector)
    assert list(Visit.objects.visible_to(cast.outsiders["collector"])) == [visit]
    alone = record_visit(
        record=visit_record(cast, members=[Member(organisation=cast.organisations["irel"], name="A. Rao")]), by=cast.collector
    )
    assert alone not in Visit.objects.visible_to(cast.outsiders["collector"])
    assert not Visit.objects.visible_to(cast.analyst).exists()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"mines": []}, "/mines"),
        ({"members": []}, "/members"),
        ({"ends_on": clock.today() - timedelta(days=9)}, "/ends_on"),
        ({"starts_on": clock.today() + timedelta(days=900), "ends_on": clock.today() + timedelta(days=901)}, "/starts_on"),
        ({"purpose": "  "}, "/purpose"),
        ({"purpose": "x" * 201}, "/purpose"),
    ],
)
def test_wrong_visit_is_refused_and_nothing_is_kept(cast: Cast, change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as refusal:
        record_visit(record=visit_record(cast, **change), by=cast.collector)
    assert refusal.value.problems[0].pointer == pointer
    assert not Visit.objects.exists()


def test_visit_with_a_team_of_others_alone_or_a_person_twice_is_refused(cast: Cast) -> None:
    others = [Member(organisation=cast.organisations["midwest"], name="K. Iyer")]
    twice = [
        Member(organisation=cast.organisations["irel"], name="A. Rao"),
        Member(organisation=cast.organisations["irel"], name="a. rao "),
    ]
    for members in (others, twice):
        with pytest.raises(Invalid):
            record_visit(record=visit_record(cast, members=members), by=cast.collector)


def test_changed_lists_of_a_visit_stay_in_history(cast: Cast) -> None:
    visit = record_visit(record=visit_record(cast), by=cast.collector)
    other = make_mine("CH2", "Chipwi South")
    change_visit(
        visit=visit,
        record=visit_record(cast, mines=[other], members=[Member(organisation=cast.organisations["irel"], name="A. Rao", duty="leader")]),
        reason="road closed, the team went south",
        by=cast.collector,
    )
    assert [str(mine) for mine in visit.mines.all()] == ["Chipwi South"]
    assert visit.members.count() == 1
    mines = VisitMine.pgh_event_model.objects.filter(visit=visit.pk)  # type: ignore[attr-defined]
    assert sorted(mines.values_list("pgh_label", flat=True)) == ["delete", "insert", "insert"]
    gone = VisitMember.pgh_event_model.objects.get(pgh_label="delete")  # type: ignore[attr-defined]
    assert (gone.name, gone.pgh_context["reason"]) == ("K. Iyer", "road closed, the team went south")


def test_only_the_leader_changes_a_visit(cast: Cast) -> None:
    visit = record_visit(record=visit_record(cast), by=cast.collector)
    with pytest.raises(Forbidden):
        change_visit(visit=visit, record=visit_record(cast), reason="mine now", by=cast.outsiders["collector"])


def test_visit_keeps_the_mines_and_days_of_its_samples(cast: Cast) -> None:
    visit = record_visit(record=visit_record(cast), by=cast.collector)
    register_samples(records=[make_record(visit=visit.code)], by=cast.collector)
    for change in ({"mines": [make_mine("CH2", "Chipwi South")]}, {"starts_on": visit.ends_on}):
        with pytest.raises(Blocked) as refusal:
            change_visit(visit=visit, record=visit_record(cast, **change), reason="tidying", by=cast.collector)
        assert refusal.value.code == "has_samples"
    widened = visit_record(cast, ends_on=clock.today())
    assert change_visit(visit=visit, record=widened, reason="one more day", by=cast.collector).ends_on == clock.today()
