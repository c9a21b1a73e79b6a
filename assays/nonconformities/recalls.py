"""Recall: what a lot, a piece of equipment, an instrument, a material, a person or a run touched, down to the certificates (7.10.1 d, e).

One query finds the runs with how many results each gave, the samples in them and the certificates that report them: it goes by indexes
from the thing to its runs, and counts results per reduction, so its cost follows what was touched, not what the laboratory ever measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from assays.models import AuthorisedResult, ResultVersion, Run
from assays.reports.models import Certificate
from lims.accounts.models import Organisation, User
from lims.core.days import LABORATORY_ZONE, local_day

# What of a run `r` says that the thing touched it. The days stand beside it, so that the dearest test comes last and to few runs.
_USED = (
    "r.id IN (SELECT run_id FROM assays_use WHERE {thing} = %(key)s UNION "
    "SELECT p.run_id FROM assays_use u JOIN assays_runposition p ON p.aliquot_id = u.aliquot_id WHERE u.{thing} = %(key)s UNION "
    "SELECT p.run_id FROM assays_use u JOIN assays_aliquot a ON a.preparation_id = u.preparation_id "
    "JOIN assays_runposition p ON p.aliquot_id = a.id WHERE u.{thing} = %(key)s)"
)
_TOUCHED = {
    "lot": _USED.format(thing="lot_id"),
    "equipment": _USED.format(thing="equipment_id"),
    "instrument": "r.instrument_id = %(key)s",
    "material": "r.id IN (SELECT run_id FROM assays_runposition WHERE material_id = %(key)s UNION "
    "SELECT u.run_id FROM assays_use u JOIN assays_lot l ON l.id = u.lot_id WHERE l.material_id = %(key)s)",
    "person": "assays_had_a_hand(r.id, %(key)s)",
    "run": "r.id = %(key)s",
}
# Each part is made once for all runs and grouped, never once a run. As an array the runs lead by indexes to their tubes: joined, the
# database expects many and reads every tube there is.
_QUERY = """
WITH touched AS MATERIALIZED (
    SELECT r.id FROM assays_run r
    WHERE r.laboratory_id = %(laboratory)s
      AND (%(since)s::date IS NULL OR (r.measured_at AT TIME ZONE %(zone)s)::date >= %(since)s::date)
      AND (%(until)s::date IS NULL OR (r.measured_at AT TIME ZONE %(zone)s)::date <= %(until)s::date)
      AND {touched}
), loaded AS MATERIALIZED (
    SELECT p.run_id, t.sample_id, t.submission_id
    FROM assays_runposition p JOIN assays_aliquot a ON a.id = p.aliquot_id JOIN assays_submissiontest t ON t.id = a.test_id
    WHERE p.run_id = ANY(ARRAY(SELECT id FROM touched)) AND p.kind = 'sample'
), counted AS (
    SELECT last.run_id, (SELECT count(*) FROM assays_resultversion v WHERE v.reduction_id = last.id) AS results
    FROM (SELECT DISTINCT ON (run_id) run_id, id FROM assays_reduction
          WHERE run_id = ANY(ARRAY(SELECT id FROM touched)) ORDER BY run_id, number DESC) last
), sampled AS (
    SELECT run_id, array_agg(DISTINCT sample_id::text) AS samples FROM loaded GROUP BY run_id
), released AS (
    SELECT run_id, date_trunc('second', min(authorised_at)) AS at FROM assays_authorisation
    WHERE run_id = ANY(ARRAY(SELECT id FROM touched)) GROUP BY run_id
), reported AS (
    SELECT loaded.run_id, array_agg(DISTINCT c.id) AS certificates
    FROM loaded JOIN released ON released.run_id = loaded.run_id
    JOIN reports_certificatesample cs ON cs.sample_id = loaded.sample_id
    JOIN reports_certificate c ON c.id = cs.certificate_id AND c.submission_id = loaded.submission_id
    JOIN reports_certificatestatus s ON s.certificate_id = c.id AND s.status = 'issued' AND released.at <= s.at
    GROUP BY loaded.run_id
)
SELECT id, coalesce(results, 0), coalesce(samples, '{{}}'), coalesce(certificates, '{{}}')
FROM touched LEFT JOIN counted ON counted.run_id = id LEFT JOIN sampled ON sampled.run_id = id LEFT JOIN reported ON reported.run_id = id
ORDER BY id
"""


@dataclass(frozen=True)
class Question:
    """What is recalled: a kind of `KINDS` and the id of the thing, with the days (laboratory's calendar) of measurement, both included."""

    kind: str
    key: UUID
    since: date | None = None
    until: date | None = None


KINDS = tuple(_TOUCHED)


@dataclass(frozen=True)
class TouchedRun:
    """One run with how many results its last reduction gave, and the ids of its samples (as texts: thousands of `UUID` take longer to make
    than to find) and of certificates that report it."""

    run: UUID
    results: int
    samples: tuple[str, ...]
    certificates: tuple[UUID, ...]


def find_touched_runs(question: Question, laboratory: UUID) -> list[TouchedRun]:
    """The laboratory's runs the thing touched, in one query, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(*_statement(question, laboratory))
        return [TouchedRun(key, results, tuple(samples), tuple(papers)) for key, results, samples, papers in cursor.fetchall()]


def explain(question: Question, laboratory: UUID) -> list[str]:
    """The plan the database makes for it, line by line."""
    statement, values = _statement(question, laboratory)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}", values)
        return [line for (line,) in cursor.fetchall()]


def _statement(question: Question, laboratory: UUID) -> tuple[str, dict[str, Any]]:
    values = {
        "key": question.key,
        "laboratory": laboratory,
        "since": question.since,
        "until": question.until,
        "zone": str(LABORATORY_ZONE),
    }
    return _QUERY.format(touched=_TOUCHED[question.kind]), values


@dataclass(frozen=True)
class Recall:
    """The answer, with what a page shows of each run and certificate."""

    touched: list[TouchedRun]
    runs: dict[UUID, Run]
    certificates: list[Certificate]

    @property
    def results(self) -> int:
        return sum(one.results for one in self.touched)

    @property
    def samples(self) -> set[str]:
        return {sample for one in self.touched for sample in one.samples}

    @property
    def customers(self) -> list[Organisation]:
        return sorted({one.submission.customer for one in self.certificates}, key=lambda one: one.name)


def recall(question: Question, viewer: Any) -> Recall:
    """Everything of the viewer's laboratory the thing touched."""
    touched = find_touched_runs(question, viewer.organisation_id)
    runs = Run.objects.filter(pk__in=[one.run for one in touched]).select_related("method_version__method", "instrument")
    papers = {key for one in touched for key in one.certificates}
    certificates = Certificate.objects.filter(pk__in=papers).with_standing().select_related("submission__customer").order_by("-id")
    return Recall(touched, {run.pk: run for run in runs}, list(certificates))


def affected_results(touched: list[TouchedRun]) -> Iterator[dict[str, Any]]:
    """Every result of the touched runs' last reductions that counts or was released, for a file."""
    released = set(
        AuthorisedResult.objects.filter(authorisation__run__in=[one.run for one in touched]).values_list("result_version", flat=True)
    )
    for one in touched:
        rows = ResultVersion.objects.filter(
            Q(current_of__isnull=False) | Q(authorisations__isnull=False), reduction__run=one.run
        ).distinct()
        related = ("result__sample", "result__analyte", "reduction__run", "method_version__method")
        for row in rows.select_related(*related).order_by("result__sample__blind_code", "result__analyte__order").iterator(2000):
            run = row.reduction.run
            yield {
                "run": run.code,
                "measured_on": local_day(run.measured_at).isoformat() if run.measured_at else "",
                "sample": row.result.sample.blind_code,
                "analyte": row.result.analyte.symbol,
                "result": row.text,
                "uncertainty": row.uncertainty_text,
                "unit": row.unit,
                "basis": row.basis,
                "method": str(row.method_version),
                "released": row.pk in released,
            }


def people_of(viewer: Any) -> Any:
    """Who may be asked for: everybody of the laboratory, also with a closed account."""
    return User.objects.filter(organisation=viewer.organisation_id).order_by("full_name")
