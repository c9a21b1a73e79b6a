"""The queue of review beside a million results: the runs that wait, their risk with what was found earlier at each source."""

from __future__ import annotations

from bench.database import median_seconds, throwaway_database
from bench.recall import MULTIPLY

_RUNS = 700
_WAITING = 40
_MINES = 200
_SAMPLES, _ANALYTES = 84, 17
_TARGET_MS = 500

# The samples behind the multiplied results, spread over the mines, and the head of every result; the newest runs wait for a reviewer.
_COMPLETE = """
ALTER TABLE samples_sample DISABLE TRIGGER USER;
INSERT INTO samples_sample
    SELECT f.* FROM tested x, (SELECT to_jsonb(one) AS j FROM samples_sample one LIMIT 1) p,
    jsonb_populate_record(NULL::samples_sample, p.j || jsonb_build_object('id', x.sample, 'code', 'S-' || x.n || '-' || x.s,
    'blind_code', 'B-' || x.n || '-' || x.s, 'field_id', 'F-' || x.n || '-' || x.s, 'seal_number', 'W-' || x.n || '-' || x.s,
    'mine_id', md5(((x.n * 7 + x.s) %% %(mines)s)::text)::uuid)) f;
INSERT INTO assays_result (id, test_id, sample_id, analyte_id, current_id, authorised_id, authorised_at)
    SELECT v.result_id, v.test, v.sample, a.id, v.id, CASE WHEN v.n > %(waiting)s THEN v.id END,
        CASE WHEN v.n > %(waiting)s THEN now() - v.n * interval '6 hours' END
    FROM (SELECT one.id, one.result_id, x.test, x.sample, x.n,
              row_number() OVER (PARTITION BY one.position_id ORDER BY one.id) AS place
          FROM assays_resultversion one JOIN tested x ON x.position = one.position_id) v
    JOIN (SELECT id, row_number() OVER (ORDER BY symbol NOT IN ('Dy', 'Tb', 'Th', 'U'), "order") AS place FROM assays_analyte) a
        ON a.place = v.place;
UPDATE assays_run SET state = 'qc_passed', reviewed_at = NULL, authorised_at = NULL
    WHERE id IN (SELECT run FROM made WHERE n <= %(waiting)s);
"""


def run() -> None:
    """Print the median in milliseconds, and whether the results are read by keys."""
    with throwaway_database():
        from django.db import connection, connections

        from assays.models import Result
        from assays.reports.services import request_certificate
        from assays.selectors.review_queue import explain, review_queue
        from tests.factories import release
        from tests.factories.measurement import make_authorised_run
        from tests.factories.people import make_cast

        cast = make_cast()
        first = make_authorised_run(cast, 1)
        position = first.positions.filter(kind="sample").select_related("aliquot__test__submission")[0]
        release.finish(request_certificate(submission=position.aliquot.test.submission, by=cast.signatory))
        with connections["owner"].cursor() as cursor:
            cursor.execute(MULTIPLY, {"runs": _RUNS, "samples": _SAMPLES, "analytes": _ANALYTES})
            cursor.execute(_COMPLETE, {"waiting": _WAITING, "mines": _MINES})
            cursor.execute("VACUUM ANALYZE")
        viewer = cast.reviewer
        queue = review_queue(viewer)
        print(f"review queue: {len(queue)} runs wait beside {Result.objects.count():,} results (target {_TARGET_MS} ms, p50 of 5):")
        taken = 1000 * median_seconds(lambda: review_queue(viewer), times=5)
        print(f"  the whole queue, judged  {taken:7.1f} ms  {'reached' if taken < _TARGET_MS else 'MISSED'}")
        scans = [line for line in explain([one.run for one in queue]) if "Seq Scan on assays_result" in line]
        print(f"  plan: {'results by key' if not scans else 'SCANS THE RESULTS'}")
        connection.close()


if __name__ == "__main__":
    run()
