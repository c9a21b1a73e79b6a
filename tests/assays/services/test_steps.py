"""Preparation step by step: routes chosen, order and limits kept, the leach split first, corrections that overwrite nothing."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assays.models import Equipment, Preparation, PreparationRoute, PreparationTask, StepRecord, Use
from assays.route_steps import InvalidRoute, Kind, Step, check_route
from assays.selectors.preparation_progress import count_steps, read_progress
from assays.services.lots import register_equipment
from assays.services.preparing import record_preparation
from assays.services.steps import StepEntry, correct_step, record_step, record_steps
from assays.services.weighing import find_preparation
from lims.core import clock
from lims.core.errors import Blocked, DomainError, Forbidden, Invalid, NotFound
from samples.custody.models import CustodyEvent
from tests.factories.bench import make_received_samples, make_submission, nothing_changes


def make_tools(cast, due=30):
    """A balance, an oven, a mill and a sieve whose calibration is due in `due` days."""
    day = clock.today() + timedelta(days=due)
    return {
        kind: register_equipment(code=f"{kind}-{due}", kind=kind, name=kind, calibration_due=day, by=cast.technician)
        for kind in ("balance", "oven", "mill", "sieve")
    }


TOOLS = {"weigh_wet": "balance", "dry": "oven", "weigh_dry": "balance", "pulverise": "mill", "sieve": "sieve"}
NUMBERS = {
    "weigh_wet": {"wet_mass_g": Decimal("50.0125")},
    "dry": {"temperature_c": Decimal("105"), "hours": Decimal("12")},
    "weigh_dry": {"dry_mass_g": Decimal("40.0100")},
    "crush": {"top_size_mm": Decimal("2")},
    "split": {"split_mass_g": Decimal("250")},
    "leach_split": {"split_mass_g": Decimal("60")},
    "pulverise": {"minutes": Decimal("3")},
    "sieve": {"passing_percent": Decimal("91.5")},
    "homogenise": {"minutes": Decimal("5")},
}


def do(cast, task, kind, tools, **more):
    """The step with usual numbers, by the technician."""
    tool = tools.get(task.version.steps.filter(kind=kind).first().equipment_kind)
    return record_step(task=task, kind=kind, values=NUMBERS[kind] | more, equipment=tool, by=cast.technician)


def begin(cast, *methods):
    """One sample with its tests accepted, and its preparations by route."""
    [sample] = make_received_samples(cast)
    submission = make_submission(cast, [sample], methods or ("FUS-MS",))
    return sample, submission, {one.version.route.code: one for one in PreparationTask.objects.filter(sample=sample)}


def test_a_route_is_worked_from_the_tests_to_a_preparation(cast):
    sample, submission, tasks = begin(cast, "FUS-MS", "FAD-MS", "LCH-MS")
    assert set(tasks) == {"PULP", "LEACH"}
    assert {test.method_version.method.code: test.task.version.route.code for test in submission.tests.all()} == {
        "FUS-MS": "PULP",
        "FAD-MS": "PULP",
        "LCH-MS": "LEACH",
    }
    assert count_steps(cast.technician) == {"weigh_wet": 1, "crush": 1}
    tools, task = make_tools(cast), tasks["PULP"]
    with nothing_changes(), pytest.raises(DomainError, match="next is “weigh wet”"):
        do(cast, task, "dry", tools)
    for kind in ("weigh_wet", "dry", "weigh_dry", "crush", "split"):
        do(cast, task, kind, tools)
    with nothing_changes(), pytest.raises(DomainError, match="leach split") as refusal:
        do(cast, task, "pulverise", tools)
    assert refusal.value.code == "leach_split_first"
    for kind in ("crush", "leach_split"):
        do(cast, tasks["LEACH"], kind, tools)
    do(cast, task, "pulverise", tools)
    assert not do(cast, task, "sieve", tools, passing_percent=Decimal("84.9")).passed
    task.refresh_from_db()
    assert task.next_kind == "pulverise"
    for kind in ("pulverise", "sieve", "homogenise"):
        do(cast, task, kind, tools)
    task.refresh_from_db()
    made = task.preparation
    assert (made.wet_mass_g, made.dry_mass_g, made.sieve_passing_percent, made.portion_dried_c) == (
        Decimal("50.0125"),
        Decimal("40.01"),
        Decimal("91.5"),
        105,
    )
    assert made.moisture_percent == pytest.approx(20.0)
    assert find_preparation(submission.tests.get(method_version__method__code="FUS-MS")) == made
    assert {use.equipment.kind for use in Use.objects.filter(preparation=made)} == {"balance", "oven", "mill", "sieve"}
    assert sum(b'"purpose":"moisture aliquot"' in bytes(one.canonical) for one in CustodyEvent.objects.filter(sample=sample)) == 1
    with pytest.raises(DomainError, match="nothing is left to do"):
        do(cast, task, "homogenise", tools)


@pytest.mark.parametrize(
    ("kind", "values", "tool", "code"),
    [
        ("weigh_wet", {"wet_mass_g": Decimal("50.01251")}, "balance", "too_precise"),
        ("weigh_wet", {"wet_mass_g": Decimal("-1")}, "balance", "impossible"),
        ("weigh_wet", {}, "balance", "missing"),
        ("weigh_wet", {"wet_mass_g": Decimal("5"), "ph": Decimal("4")}, "balance", "unknown"),
        ("weigh_wet", {"wet_mass_g": Decimal("5")}, None, "equipment_missing"),
        ("weigh_wet", {"wet_mass_g": Decimal("5")}, "oven", "equipment_kind"),
        ("weigh_wet", {"wet_mass_g": Decimal("99999")}, "balance", "not_enough_mass"),
    ],
)
def test_a_wrong_entry_is_refused_at_its_place_and_changes_nothing(cast, kind, values, tool, code):
    _sample, _submission, tasks = begin(cast)
    tools = make_tools(cast)
    entry = StepEntry(task=tasks["PULP"], kind=kind, values=values, equipment=tools.get(tool))
    with nothing_changes(), pytest.raises(DomainError) as refusal:
        record_steps(entries=[entry], by=cast.technician)
    assert [problem.code for problem in refusal.value.problems] == [code]
    assert not StepRecord.objects.exists()


def test_overdue_equipment_another_role_and_another_laboratory_are_kept_out(cast):
    _sample, _submission, tasks = begin(cast)
    late = make_tools(cast)
    Equipment.objects.update(calibration_due=clock.today() - timedelta(days=1))
    late["balance"].refresh_from_db()
    with pytest.raises(DomainError, match="calibration of BALANCE-30 was due"):
        do(cast, tasks["PULP"], "weigh_wet", late)
    with pytest.raises(Forbidden):
        record_steps(entries=[], by=cast.reviewer)
    with pytest.raises((NotFound, DomainError)):
        record_step(task=tasks["PULP"], kind="weigh_wet", values=NUMBERS["weigh_wet"], by=cast.outsiders["technician"])
    assert not StepRecord.objects.exists()


def test_a_correction_stands_beside_what_it_corrects_and_work_is_done_again(cast):
    sample, submission, tasks = begin(cast)
    tools, task = make_tools(cast), tasks["PULP"]
    records = {kind: do(cast, task, kind, tools) for kind in NUMBERS if kind != "leach_split"}
    sample.refresh_from_db()
    before = sample.mass_g
    with pytest.raises(Invalid, match="Say why"):
        correct_step(record=records["weigh_wet"], values={"wet_mass_g": Decimal("50.5125")}, reason=" ", by=cast.technician)
    made = correct_step(
        record=records["weigh_wet"], values={"wet_mass_g": Decimal("50.5125")}, reason="read the wrong line", by=cast.technician
    )
    sample.refresh_from_db()
    assert before - sample.mass_g == Decimal("0.5")
    assert (made.corrects, StepRecord.objects.get(pk=records["weigh_wet"].pk).values) == (records["weigh_wet"], {"wet_mass_g": "50.0125"})
    assert Preparation.objects.get().wet_mass_g == Decimal("50.5125")
    with pytest.raises(Blocked, match="corrected already"):
        correct_step(record=records["weigh_wet"], values={"wet_mass_g": Decimal("51")}, reason="again", by=cast.technician)
    correct_step(record=records["sieve"], values={"passing_percent": Decimal("80")}, reason="other sample's value", by=cast.technician)
    task.refresh_from_db()
    assert (task.next_kind, task.finished_at) == ("pulverise", None)
    assert read_progress(task).last(Kind.HOMOGENISE) is None
    with pytest.raises(Blocked, match="is open again"):
        find_preparation(submission.tests.get())


def test_a_whole_preparation_in_one_row_only_where_the_route_allows_it(cast):
    sample, _submission, tasks = begin(cast)
    fields = {
        "route": "pulp",
        "drying_c": 105,
        "portion_dried_c": 105,
        "wet_mass_g": Decimal("50"),
        "dry_mass_g": Decimal("40"),
        "by": cast.technician,
    }
    do(cast, tasks["PULP"], "weigh_wet", make_tools(cast))
    with nothing_changes(), pytest.raises(DomainError) as refusal:
        record_preparation(sample=sample, **fields)
    assert refusal.value.code == "steps_begun"
    other, _submission, tasks = begin(cast)
    made = record_preparation(sample=other, **fields)
    tasks["PULP"].refresh_from_db()
    assert tasks["PULP"].preparation == made
    third, _submission, tasks = begin(cast)
    PreparationRoute.objects.get(code="PULP").versions.update(at_once=False)
    with pytest.raises(DomainError, match="each of its steps by itself"):
        record_preparation(sample=third, **fields)


def step(order, kind, **limits):
    ends = {name: tuple(None if end is None else Decimal(end) for end in pair) for name, pair in limits.items()}
    return Step(order, Kind(kind), ends)


MOISTURE = [step(1, "weigh_wet"), step(2, "dry", temperature_c=("100", "110"), hours=("4", None)), step(3, "weigh_dry")]


@pytest.mark.parametrize(
    ("steps", "leach", "says"),
    [
        (MOISTURE[:2], False, "weigh_dry exactly once"),
        ([MOISTURE[0], MOISTURE[2]], False, "stands a step dry"),
        ([MOISTURE[0], step(2, "dry", hours=("4", None)), MOISTURE[2]], False, "no limit for temperature_c"),
        ([*MOISTURE, step(4, "sieve", passing_percent=("85", None))], False, "behind the crushing"),
        ([*MOISTURE, step(4, "crush", top_size_mm=("3", "2"))], False, "lies above the most"),
        (MOISTURE, True, "takes a leach_split"),
        ([*MOISTURE, step(4, "pulverise"), step(5, "leach_split", split_mass_g=("40", None))], True, "before pulverise"),
    ],
)
def test_a_route_that_cannot_be_worked_is_refused(steps, leach, says):
    with pytest.raises(InvalidRoute, match=says):
        check_route(steps, leach=leach)


def test_twenty_rows_ask_the_database_as_often_as_two(cast):
    tools, asked = make_tools(cast), []
    for number in (2, 20):
        samples = make_received_samples(cast, number)
        make_submission(cast, samples)
        tasks = list(PreparationTask.objects.filter(sample__in=samples))
        # Rows of one call follow each other: what the first records is what the next finds.
        for kinds in (["weigh_wet"], ["dry"], ["weigh_dry"], ["crush", "split", "pulverise", "sieve", "homogenise"]):
            rows = [
                StepEntry(task=one, kind=kind, values=NUMBERS[kind], equipment=tools.get(TOOLS.get(kind, "")))
                for one in tasks
                for kind in kinds
            ]
            with CaptureQueriesContext(connection) as queries:
                made = record_steps(entries=rows, by=cast.technician)
            asked.append(len(queries))
            assert [one.pk for one in made] == sorted(one.pk for one in made)
        assert Preparation.objects.filter(task__in=tasks, sieve_passing_percent=Decimal("91.5")).count() == number
    assert asked == [16, 11, 11, 13] * 2
