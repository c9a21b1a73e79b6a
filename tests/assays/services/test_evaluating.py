"""Verdicts of a run's controls: what they say, and that a missing one is named."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assays.instruments.recording import confirm_upload, withdraw_upload
from assays.instruments.writers import BatchRow, BatchValues, write_batch_table
from assays.models import Run, Verdict
from assays.services.evaluating import evaluate_run
from tests.factories.measurement import make_headings, make_measured_run, make_rows, upload_run
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db


def take(cast: Cast, run: Run, data: bytes) -> Run:
    """Bring the bytes in, confirmed where they wait."""
    upload = upload_run(cast, run, data).upload
    if upload.state == "waiting":
        confirm_upload(upload=upload, by=cast.analyst)
    run.refresh_from_db()
    return run


def test_a_run_with_good_controls_passes_and_says_so(cast: Cast, measured: Run) -> None:
    evaluation = measured.evaluations.get()
    assert (measured.state, evaluation.outcome, evaluation.blockers) == ("qc_passed", "passed", [])
    assert evaluation.rule_set == "FUS-MS/1.0, rules 1.0"
    assert measured.verdict_text == f"All {evaluation.verdicts.count()} controls pass."
    assert evaluation.rules["controls"][1]["limits"] == {"warn_z": 2, "fail_z": 3, "consecutive_z": 2}


def test_a_verdict_keeps_statistic_limit_rule_and_what_it_was_drawn_from(cast: Cast) -> None:
    run = make_measured_run(cast, factors={"Dy": 1.15})
    verdict = Verdict.objects.get(evaluation__run=run, position__kind="reference", analyte__symbol="Dy")
    # OREAS 100a by fusion: Dy 23.198 with a between-laboratory SD of 0.88; (26.67 - 23.20) / 0.88 = 3.9.
    assert (verdict.statistic, verdict.rule, verdict.outcome) == ("z", "reference_material_z", "fail")
    assert float(verdict.value) == pytest.approx(3.94, abs=0.06)
    assert (verdict.expected, verdict.found[:4]) == ("23.20", "26.6")
    assert verdict.limit == "|z| <= 2 (fail above 3)"
    assert run.state == "qc_failed"
    assert verdict.sentence in run.verdict_text


def test_a_warning_lets_the_run_pass(cast: Cast) -> None:
    run = make_measured_run(cast, factors={"Dy": 1.09})
    assert run.state == "qc_passed"
    assert "1 with a warning" in run.verdict_text


def test_two_runs_in_succession_beyond_two_on_one_side_fail(cast: Cast) -> None:
    make_measured_run(cast, factors={"Dy": 1.09})
    assert make_measured_run(cast, factors={"Dy": 1.09}).state == "qc_failed"
    assert make_measured_run(cast, factors={"Dy": 0.91}).state == "qc_passed"


def test_missing_controls_and_elements_block_and_are_named(cast: Cast, planned: Run) -> None:
    kinds = dict(planned.positions.values_list("label", "kind"))
    rows = [row for row in make_rows(planned) if kinds[row.sample] not in {"reference", "duplicate"}]
    headings = [heading for heading in make_headings(planned) if heading.symbol not in {"Tb", "Lu"}]
    take(cast, planned, write_batch_table(rows, headings))
    assert planned.state == "blocked"
    for part in ("No reference material was measured", "No pulp duplicate was measured", "Tb: no reading", "Lu: no reading"):
        assert part in planned.verdict_text
    blockers = planned.evaluations.get().blockers
    assert {(one["code"], one["kind"], one["analyte"]) for one in blockers} == {
        ("control_missing", "reference_material", ""),
        ("control_missing", "pulp_duplicate", ""),
        ("analyte_not_read", "", "Tb"),
        ("analyte_not_read", "", "Lu"),
    }


def test_an_analyte_as_internal_standard_blocks_the_run(cast: Cast, planned: Run) -> None:
    headings = [heading if heading.symbol != "Lu" else IstdHeading("Lu", 175) for heading in make_headings(planned)]
    rows = [BatchRow(row.sample, row.type, row.values, total_dilution=row.total_dilution) for row in make_rows(planned)]
    take(cast, planned, write_batch_table(rows, headings))
    assert planned.state == "blocked"
    assert "Lu served as internal standard" in planned.verdict_text


class IstdHeading:
    """A heading that says internal standard."""

    def __init__(self, symbol: str, mass: int) -> None:
        self.symbol, self.heading = symbol, f"{mass}  {symbol} ( ISTD )  [ He ] "


def test_a_dirty_blank_fails_the_run(cast: Cast, planned: Run) -> None:
    rows = make_rows(planned)
    rows[0] = BatchRow(
        rows[0].sample, "Sample", {**rows[0].values, "La": BatchValues(Decimal("900"))}, total_dilution=rows[0].total_dilution
    )
    take(cast, planned, write_batch_table(rows, make_headings(planned)))
    assert planned.state == "qc_failed"
    assert Verdict.objects.get(evaluation__run=planned, position__kind="blank", outcome="fail").analyte.symbol == "La"  # type: ignore[union-attr]


def test_duplicates_that_disagree_fail_the_run(cast: Cast, planned: Run) -> None:
    rows = make_rows(planned)
    number = planned.positions.get(kind="duplicate").number
    row = rows[number - 1]
    rows[number - 1] = BatchRow(row.sample, "Sample", {**row.values, "Dy": BatchValues(Decimal("60"))}, total_dilution=row.total_dilution)
    take(cast, planned, write_batch_table(rows, make_headings(planned)))
    verdict = Verdict.objects.get(evaluation__run=planned, outcome="fail")
    assert (verdict.rule, verdict.statistic, verdict.found) == ("duplicate_hard", "hard_percent", "74.98")
    assert planned.state == "qc_failed"


def test_a_wrong_dilution_computes_nothing_there_and_blocks_the_run_naming_the_position(cast: Cast, planned: Run) -> None:
    rows = make_rows(planned)
    rows[3] = BatchRow(rows[3].sample, "Sample", rows[3].values, total_dilution=Decimal("10.1461212856184"))
    take(cast, planned, write_batch_table(rows, make_headings(planned)))
    assert planned.state == "blocked"
    assert "Position 4: the instrument applied a dilution of 10.1461, the portion has 20" in planned.verdict_text
    assert not planned.reductions.get().results.filter(position__number=4).exists()


def test_an_earlier_run_that_was_withdrawn_or_sent_back_casts_no_shadow(cast: Cast) -> None:
    first = make_measured_run(cast, factors={"Dy": 1.09})
    withdraw_upload(upload=first.uploads.get(), reason="wrong batch", by=cast.analyst)
    second = make_measured_run(cast, factors={"Dy": 1.09})
    assert second.state == "qc_passed"


def test_judging_again_adds_an_evaluation_and_keeps_the_first(cast: Cast, measured: Run) -> None:
    before = list(Verdict.objects.order_by("pk").values())
    evaluation = evaluate_run(run=measured, by=cast.analyst)
    assert evaluation.number == 2
    assert list(Verdict.objects.filter(evaluation__number=1).order_by("pk").values()) == before
    assert [one.sentence for one in evaluation.verdicts.order_by("pk")] == [
        one.sentence for one in Verdict.objects.filter(evaluation__number=1).order_by("pk")
    ]
