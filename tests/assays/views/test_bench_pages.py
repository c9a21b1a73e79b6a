"""Bench entry: rows filled with the keyboard, all recorded or none, errors at their field."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from assays.models import Aliquot, Preparation
from samples.services.holding import hold_sample
from tests.factories.bench import make_prepared, make_received_samples, make_submission, make_weighed, nothing_changes


def filled(rows, prefix="row"):
    """The form a page sends, with a management form."""
    body = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": len(rows)}
    for index, row in enumerate(rows):
        body |= {f"{prefix}-{index}-{name}": str(value) for name, value in row.items()}
    return body


PREPARATION, WEIGHING = "/bench/preparation/", "/bench/weighing/"


def entries(answer):
    return [line.sample.blind_code for line, _row in answer.context["entries"]]


def test_the_most_urgent_sample_comes_first_and_a_scan_puts_its_row_on_top(cast, at):
    slow, rush = make_received_samples(cast, 2)
    make_submission(cast, [slow])
    make_submission(cast, [rush], turnaround="rush")
    client = at("technician")
    assert entries(client.get(PREPARATION)) == [rush.blind_code, slow.blind_code]
    assert entries(client.get(PREPARATION, {"q": slow.blind_code.lower()})) == [slow.blind_code, rush.blind_code]
    assert "is no sample of your laboratory" in client.get(PREPARATION, {"q": "B-1"}).content.decode()


def test_a_sample_for_total_and_leach_has_a_row_for_pulp_and_split(cast, at):
    samples = make_received_samples(cast)
    make_submission(cast, samples, ["FUS-MS", "FAD-MS", "LCH-MS"])
    lines = [(line.methods, line.route) for line, _row in at("technician").get(PREPARATION).context["entries"]]
    assert lines == [(["FAD-MS", "FUS-MS"], "pulp"), (["LCH-MS"], "moist")]


def test_filled_rows_are_recorded_and_blank_ones_left_out(cast, at):
    first, second = make_received_samples(cast, 2)
    make_submission(cast, [first, second])
    rows = [
        {"sample": first.pk, "route": "pulp", "wet_mass_g": "50.0000", "dry_mass_g": "37.1250", "sieve_passing_percent": "88"},
        {"sample": second.pk, "route": "pulp", "wet_mass_g": "", "dry_mass_g": "", "sieve_passing_percent": ""},
    ]
    answer = at("technician").post(PREPARATION, filled(rows), follow=True)
    assert "1 preparation recorded." in answer.content.decode()
    made = Preparation.objects.get()
    assert (made.sample, made.portion_dried_c, made.drying_c) == (first, 105, 105)
    assert "25.75 %" in answer.content.decode()
    assert entries(answer) == [second.blind_code]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"wet_mass_g": "50", "dry_mass_g": ""}, "Weigh it, or empty the row."),
        ({"wet_mass_g": "50", "dry_mass_g": "51"}, "51 g dry is more than 50 g wet"),
        ({"wet_mass_g": "fifty", "dry_mass_g": "49"}, "Enter a number"),
        ({"wet_mass_g": "-5", "dry_mass_g": "1"}, "-5 is not a mass"),
        ({"wet_mass_g": "50000", "dry_mass_g": "1"}, "cannot be taken from it"),
        ({"wet_mass_g": "50", "dry_mass_g": "49", "sieve_passing_percent": "120"}, "120 % cannot pass a sieve"),
    ],
)
def test_a_wrong_row_keeps_everything_out_and_typed(cast, at, row, words):
    first, second = make_received_samples(cast, 2)
    make_submission(cast, [first, second])
    right = {"sample": first.pk, "route": "pulp", "wet_mass_g": "50", "dry_mass_g": "49", "sieve_passing_percent": ""}
    with nothing_changes():
        answer = at("technician").post(
            PREPARATION, filled([right, {"sample": second.pk, "route": "moist", "sieve_passing_percent": ""} | row])
        )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert f'value="{row["wet_mass_g"]}"' in page
    assert entries(answer) == [first.blind_code, second.blind_code]


def test_a_held_sample_says_so_at_its_row(cast, at):
    [sample] = make_received_samples(cast)
    make_submission(cast, [sample])
    hold_sample(sample=sample, kind="safety", reason="dose rate", by=cast.technician)
    row = {"sample": sample.pk, "route": "pulp", "wet_mass_g": "50", "dry_mass_g": "49", "sieve_passing_percent": ""}
    with nothing_changes():
        page = at("technician").post(PREPARATION, filled([row])).content.decode()
    assert "is on hold (" in page
    assert "quality manager or an official releases it first." in page


def test_another_laboratorys_sample_has_no_row(cast, at):
    [theirs] = make_received_samples(cast, receptionist=cast.outsiders["receptionist"])
    row = {"sample": theirs.pk, "route": "pulp", "wet_mass_g": "50", "dry_mass_g": "49", "sieve_passing_percent": ""}
    with nothing_changes():
        answer = at("technician").post(PREPARATION, filled([row]), follow=True)
    assert theirs.blind_code not in answer.content.decode()
    assert "nothing was recorded" in answer.content.decode()


def weighing_row(test, **more):
    return {"test": test.pk, "original": "", "mass_g": "0.1", "duplicate_mass_g": "", "volume_ml": "", "dilution": ""} | more


@pytest.fixture
def tests(cast):
    """Two prepared tests by fusion and one by leach."""
    samples = make_received_samples(cast, 2)
    fusion = make_submission(cast, samples)
    make_submission(cast, samples[:1], ["LCH-MS"])
    make_prepared(cast, samples)
    return list(fusion.tests.order_by("sample__code"))


def test_portions_and_a_duplicate_beside_one_are_weighed(cast, at, tests):
    client = at("technician")
    page = client.get(WEIGHING)
    assert [(tab["label"], tab["count"]) for tab in page.context["tabs"]] == [("FUS-MS", 2), ("LCH-MS", 1)]
    assert "0.09 to 0.11 g in 100 mL" in page.content.decode()
    assert "holds 20.00 % moisture" in page.content.decode()
    rows = [weighing_row(tests[0], mass_g="0.1002", duplicate_mass_g="0.0995"), weighing_row(tests[1], mass_g="")]
    answer = client.post(f"{WEIGHING}?method=FUS-MS+v1", filled(rows), follow=True)
    assert "2 test portions weighed: A-" in answer.content.decode()
    original, duplicate = Aliquot.objects.order_by("code")
    assert (original.mass_g, duplicate.mass_g, duplicate.duplicate_of) == (Decimal("0.1002"), Decimal("0.0995"), original)
    assert [line.test for line, _row in answer.context["entries"]] == [tests[1]]


def test_a_duplicate_is_weighed_later(cast, at, tests):
    original = make_weighed(cast, tests[0].submission)[0]
    client = at("technician")
    page = client.get(WEIGHING, {"method": "FUS-MS v1", "duplicate": original.code})
    assert page.context["entries"][0][0].original == original
    client.post(f"{WEIGHING}?method=FUS-MS+v1", filled([weighing_row(original.test, original=original.code, mass_g="0.101")]))
    assert original.duplicates.get().mass_g == Decimal("0.101")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mass_g": "0.15"}, "0.15 g is outside 0.09 to 0.11 g"),
        ({"mass_g": "x"}, "Enter a number"),
        ({"mass_g": "", "duplicate_mass_g": "0.1"}, "Weigh the portion itself"),
        ({"duplicate_mass_g": "1"}, "1 g is outside"),
        ({"dilution": "0.5"}, "impossible for a dilution factor"),
        ({"volume_ml": "-3"}, "impossible for a final volume"),
    ],
)
def test_a_wrong_portion_keeps_everything_out_and_typed(at, tests, change, words):
    with nothing_changes():
        answer = at("technician").post(f"{WEIGHING}?method=FUS-MS+v1", filled([weighing_row(tests[1]), weighing_row(tests[0], **change)]))
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_form_that_was_tampered_with_changes_nothing(cast, at, tests):
    for body in ({}, filled([{"test": "x", "original": "", "mass_g": "0.1"}]), filled([weighing_row(tests[0], original="A-0")])):
        with nothing_changes():
            assert at("technician").post(f"{WEIGHING}?method=FUS-MS+v1", body).status_code in {200, 302, 422}
    with nothing_changes():
        assert at("technician").post(PREPARATION, {}).status_code == 422


def test_pages_take_the_same_queries_for_few_and_many(cast, at, queries):
    client = at("technician")
    samples = make_received_samples(cast, 14)
    make_submission(cast, samples[:1])
    make_submission(cast, samples[1:2])
    make_prepared(cast, samples[1:2])
    few, few_to_weigh = queries(lambda: client.get(PREPARATION)), queries(lambda: client.get(WEIGHING))
    make_submission(cast, samples[2:8])
    make_submission(cast, samples[8:])
    make_prepared(cast, samples[8:])
    assert queries(lambda: client.get(PREPARATION)) <= few <= 11
    assert queries(lambda: client.get(WEIGHING)) <= few_to_weigh <= 17


def test_nothing_to_do_says_what_to_do_next(at):
    client = at("technician")
    assert "No sample waits for preparation" in client.get(PREPARATION).content.decode()
    page = client.get(WEIGHING).content.decode()
    assert "No test waits to be weighed" in page
    assert reverse("assays:preparation") in page
