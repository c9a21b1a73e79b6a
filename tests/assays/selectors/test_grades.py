"""Grades of samples: scope, versions, bounds, incomplete sums, total beside leachable."""

from __future__ import annotations

from typing import Any

import pytest

from assays.models import Submission
from assays.selectors.grade_table import tabulate
from assays.selectors.grades import Grade, grade_row, grades_of
from lims.core.errors import Forbidden
from tests.factories import bench
from tests.factories.people import Cast
from tests.factories.release import CLAY, authorise, make_authorised, make_reviewed_run, remeasure, without


def sample_ids(submission: Submission) -> list[Any]:
    return list(submission.tests.order_by("sample__code").values_list("sample", flat=True).distinct())


def grade_of(cast: Cast, contents: Any = CLAY) -> Grade:
    (grade,) = grades_of(sample_ids(make_authorised(cast, 1, [contents])), cast.official)
    return grade


def test_elements_and_oxides_are_reported_with_uncertainty_on_the_dry_basis(cast: Cast) -> None:
    grade = grade_of(cast)
    assert (grade.elements["Dy"].text, grade.elements["Dy"].uncertainty_text) == ("36.6", "3.7")
    # 36.6 × 1.14768 and 6.38 × 1.17617, the ratios of formula weights
    assert (grade.oxides["Dy"].species, grade.oxides["Dy"].text, grade.oxides["Dy"].uncertainty_text) == ("Dy2O3", "42.0", "4.2")
    assert (grade.oxides["Tb"].species, grade.oxides["Tb"].text) == ("Tb4O7", "7.50")
    assert (grade.unit, grade.basis, grade.method, grade.extraction, grade.is_draft) == ("mg/kg", "dry", "FUS-MS v1", "total", False)


def test_sums_carry_their_definition_and_uncertainty(cast: Cast) -> None:
    sums = grade_of(cast).sums
    assert set(sums) == {"TREO", "HREO", "MREO"}
    assert (sums["TREO"].text, sums["TREO"].uncertainty_text, sums["TREO"].missing) == ("1000", "100", ())
    assert sums["MREO"].definition == "MREO = Pr6O11 + Nd2O3 + Tb4O7 + Dy2O3"
    assert sums["HREO"].definition.startswith("HREO = Gd2O3")


def test_censored_member_makes_the_sum_a_range_without_uncertainty(cast: Cast) -> None:
    grade = grade_of(cast, without(Tm="<0.05"))
    assert (grade.oxides["Tm"].text, grade.oxides["Tm"].qualifier) == ("<0.058", "<")  # 0.0571 is never rounded down
    treo = grade.sums["TREO"]
    assert (treo.text, treo.censored, treo.uncertainty_text, treo.complete) == ("997.0–997.1", ("Tm",), "", True)
    assert grade.sums["MREO"].uncertainty_text == "28"


def test_sum_with_an_unmeasured_member_is_incomplete_and_at_least_what_was_measured(cast: Cast) -> None:
    treo = grade_of(cast, without("Lu")).sums["TREO"]
    assert (treo.complete, treo.missing, treo.text) == (False, ("Lu",), "≥997.5")
    row = grade_row(grade_of(cast, without("Lu")))["treo"]
    assert (row["value"], row["lower"], row["upper"], row["missing"]) == (None, "997.5", None, ["Lu"])


def test_over_range_member_leaves_the_sum_open_above(cast: Cast) -> None:
    treo = grade_of(cast, without(La=">5000")).sums["TREO"]
    assert treo.text.startswith("≥")
    assert (treo.over_range, treo.censored, treo.complete) == (("La",), (), True)
    assert grade_row(grade_of(cast, without(La=">5000")))["treo"]["upper"] is None


def test_numbers_travel_as_text_exactly_as_reported(cast: Cast) -> None:
    row = grade_row(grade_of(cast, without(Tb="<0.05")))
    assert row["dy"] == {
        "species": "Dy", "value": "36.6", "qualifier": "", "unit": "mg/kg", "basis": "dry", "uncertainty": "3.7", "k": "2"
    }  # fmt: skip
    assert row["tb"]["qualifier"] == "<"
    assert (row["tb"]["value"], row["tb"]["uncertainty"], row["tb"]["k"]) == ("0.05", None, None)


def test_only_authorised_results_unless_drafts_are_asked_for_by_who_may(cast: Cast) -> None:
    submission = bench.make_submission(cast, bench.make_received_samples(cast))
    make_reviewed_run(cast, submission)
    assert grades_of(sample_ids(submission), cast.analyst) == []
    (draft,) = grades_of(sample_ids(submission), cast.analyst, drafts=True)
    assert draft.is_draft
    assert draft.authorised_at is None
    for person in [cast.official, cast.collector, cast.receptionist]:
        with pytest.raises(Forbidden):
            grades_of(sample_ids(submission), person, drafts=True)


def test_measured_again_the_authorised_numbers_stay_until_the_new_ones_are_authorised(cast: Cast, authorised: Submission) -> None:
    from assays.models import Run
    from tests.factories.release import store_results

    run = Run.objects.get(positions__aliquot__test__submission=authorised)
    store_results(run, [without(Dy="48.4")], by=cast.analyst)
    (grade,) = grades_of(sample_ids(authorised), cast.official)
    (draft,) = grades_of(sample_ids(authorised), cast.analyst, drafts=True)
    assert (grade.elements["Dy"].text, draft.elements["Dy"].text, draft.is_draft) == ("36.6", "48.4", True)
    remeasure(cast, authorised, [without(Dy="48.4")])
    (grade,) = grades_of(sample_ids(authorised), cast.official)
    assert grade.elements["Dy"].text == "48.4"


def test_newer_test_of_a_method_stands_for_the_older_as_a_whole(cast: Cast, authorised: Submission) -> None:
    sample = authorised.tests.get().sample
    make_authorised(cast, contents=[without("Tb", Dy="40.0")], samples=[sample])
    (grade,) = grades_of([sample.pk], cast.official)
    assert grade.elements["Dy"].text == "40.0"
    assert "Tb" not in grade.elements
    assert grade.sums["TREO"].missing == ("Tb",)


def test_total_and_leachable_stay_apart_and_stand_side_by_side(cast: Cast) -> None:
    submission = bench.make_submission(cast, bench.make_received_samples(cast), ["FUS-MS", "LCH-MS"])
    authorise(cast, make_reviewed_run(cast, submission, [CLAY], method="FUS-MS"))
    authorise(cast, make_reviewed_run(cast, submission, [without(Dy="21.0")], method="LCH-MS"))
    table = tabulate(grades_of(sample_ids(submission), cast.official))
    assert [grade.extraction for grade in table.columns] == ["total", "leachable"]
    dysprosium = next(row for row in table.rows if row.symbol == "Dy")
    assert [cell.text if cell else None for cell in dysprosium.cells] == ["36.6", "21.0"]
    assert {"Dy₂O₃", "Dy", "Tb₄O₇", "Tb", "TREO", "HREO", "MREO"} == {row.symbol for row in table.rows}


def test_a_laboratory_never_sees_what_another_measured_on_the_same_sample(cast: Cast, authorised: Submission) -> None:
    ids = sample_ids(authorised)
    assert len(grades_of(ids, cast.analyst)) == 1
    assert grades_of(ids, cast.outsiders["analyst"]) == []
    assert grades_of(ids, cast.outsiders["collector"]) == []
    assert grades_of(ids, cast.custodian) == []


def test_any_number_of_samples_costs_one_query(cast: Cast, django_assert_num_queries: Any) -> None:
    ids = sample_ids(make_authorised(cast, 3))
    with django_assert_num_queries(1):
        assert len(grades_of(ids, cast.official)) == 3


def test_nothing_measured_is_an_empty_table() -> None:
    assert not tabulate([])
