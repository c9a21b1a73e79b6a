"""What waits for each step, with age, due day and holds."""

from __future__ import annotations

from datetime import timedelta

from assays.selectors.worklists import bench_queues, queue_to_load, queue_to_prepare, queue_to_weigh
from assays.services.submitting import hold_submission
from lims.core import clock
from samples.services.holding import hold_sample
from tests.factories.bench import make_planned_run, make_prepared, make_received_samples, make_submission, make_weighed


def test_work_moves_from_queue_to_queue(cast):
    samples = make_received_samples(cast, 3)
    submission = make_submission(cast, samples, ["FUS-MS", "LCH-MS"], at=clock.now() - timedelta(days=2))
    prepare = queue_to_prepare(cast.technician)
    assert (prepare.step, prepare.count, prepare.held, prepare.due_on) == ("prepare", 6, 0, submission.due_on)
    assert clock.now() - prepare.oldest_at > timedelta(days=1)
    make_prepared(cast, samples[:2])
    assert [(queue.step, queue.count) for queue in bench_queues(cast.technician)] == [("prepare", 2), ("weigh", 4), ("load", 0)]
    make_prepared(cast, samples[2:])
    make_weighed(cast, submission)
    assert [queue.count for queue in bench_queues(cast.technician)] == [0, 0, 6]
    assert queue_to_prepare(cast.technician).oldest_at is None


def test_a_hot_dried_pulp_does_not_prepare_for_the_leach(cast):
    samples = make_received_samples(cast)
    make_submission(cast, samples, ["FUS-MS", "LCH-MS"])
    make_prepared(cast, samples, portion_dried_c=105)
    assert [queue.count for queue in bench_queues(cast.technician)] == [1, 1, 0]


def test_held_work_is_counted_as_held(cast):
    first, second = make_received_samples(cast, 2)
    make_submission(cast, [first])
    other = make_submission(cast, [second])
    hold_sample(sample=first, kind="quality", reason="x", by=cast.technician)
    hold_submission(submission=other, reason="x", by=cast.receptionist)
    assert (queue_to_prepare(cast.technician).count, queue_to_prepare(cast.technician).held) == (2, 2)
    make_planned_run(cast, 1)
    assert queue_to_load(cast.technician).count == 0
    assert queue_to_weigh(cast.technician).held == 0


def test_a_laboratory_sees_only_its_own_queues(cast):
    make_submission(cast, make_received_samples(cast))
    assert [queue.count for queue in bench_queues(cast.outsiders["technician"])] == [0, 0, 0]


def test_queues_take_few_queries(cast, django_assert_max_num_queries):
    make_submission(cast, make_received_samples(cast, 3), ["FUS-MS", "LCH-MS"])
    with django_assert_max_num_queries(6):
        bench_queues(cast.technician)


def test_queues_work_for_anyone_at_the_laboratory(cast):
    make_submission(cast, make_received_samples(cast))
    for role in ["receptionist", "technician", "analyst"]:
        assert queue_to_prepare(cast.people[role]).count == 1, role
