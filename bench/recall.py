"""Recall of a lot over a million results: the runs, counts and certificates it touched."""

from __future__ import annotations

from typing import Any

from bench.database import median_seconds, throwaway_database

_RUNS = 700
_USED = 12
_SAMPLES, _ANALYTES = 84, 17
_TARGET_MS = 200

# One run of the factory is multiplied inside a database that is thrown away, without keys and history: the query walks through rows, and
# how they came is no matter.
MULTIPLY = """
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT conrelid::regclass AS place, conname FROM pg_constraint WHERE contype = 'f' LOOP
        EXECUTE format('ALTER TABLE %%s DROP CONSTRAINT IF EXISTS %%I', one.place, one.conname);
    END LOOP;
END $$;
ALTER TABLE assays_run DISABLE TRIGGER USER;
ALTER TABLE assays_submissiontest DISABLE TRIGGER USER;
ALTER TABLE assays_aliquot DISABLE TRIGGER USER;
ALTER TABLE assays_runposition DISABLE TRIGGER USER;
ALTER TABLE assays_resultversion DISABLE TRIGGER USER;
CREATE TEMP TABLE made AS SELECT gen_random_uuid() AS run, gen_random_uuid() AS reduction, gen_random_uuid() AS auth, n
    FROM generate_series(1, %(runs)s) n;
INSERT INTO assays_run
    SELECT f.* FROM made m, (SELECT to_jsonb(one) AS j FROM assays_run one LIMIT 1) r,
    jsonb_populate_record(NULL::assays_run, r.j || jsonb_build_object('id', m.run, 'code', 'BENCH-' || m.n,
    'measured_at', (r.j ->> 'measured_at')::timestamptz - m.n * interval '6 hours')) f;
INSERT INTO assays_reduction
    SELECT f.* FROM made m, (SELECT to_jsonb(one) AS j FROM assays_reduction one LIMIT 1) r,
    jsonb_populate_record(NULL::assays_reduction, r.j || jsonb_build_object('id', m.reduction, 'run_id', m.run)) f;
INSERT INTO assays_authorisation
    SELECT f.* FROM made m, (SELECT to_jsonb(one) AS j FROM assays_authorisation one LIMIT 1) a,
    jsonb_populate_record(NULL::assays_authorisation, a.j || jsonb_build_object('id', m.auth, 'run_id', m.run)) f;
CREATE TEMP TABLE tested AS SELECT m.run, m.reduction, s, m.n, gen_random_uuid() AS aliquot, gen_random_uuid() AS test,
    gen_random_uuid() AS position, gen_random_uuid() AS sample FROM made m, generate_series(1, %(samples)s) s;
INSERT INTO assays_submissiontest
    SELECT f.* FROM tested x, (SELECT to_jsonb(one) AS j FROM assays_submissiontest one LIMIT 1) t,
    jsonb_populate_record(NULL::assays_submissiontest, t.j || jsonb_build_object('id', x.test,
    'sample_id', x.sample)) f;
INSERT INTO assays_aliquot
    SELECT f.* FROM tested x, (SELECT to_jsonb(one) AS j FROM assays_aliquot one LIMIT 1) a,
    jsonb_populate_record(NULL::assays_aliquot, a.j || jsonb_build_object('id', x.aliquot, 'test_id', x.test,
    'code', x.n || '-' || x.s)) f;
INSERT INTO assays_runposition
    SELECT f.* FROM tested x, (SELECT to_jsonb(one) AS j FROM assays_runposition one WHERE kind = 'sample' LIMIT 1) p,
    jsonb_populate_record(NULL::assays_runposition, p.j || jsonb_build_object('id', x.position, 'run_id', x.run,
    'number', x.s, 'label', x.s::text, 'aliquot_id', x.aliquot)) f;
INSERT INTO reports_certificatesample (id, certificate_id, sample_id)
    SELECT gen_random_uuid(), (SELECT id FROM reports_certificate LIMIT 1), sample FROM tested;
INSERT INTO assays_resultversion (id, version, text, value, qualifier, unit, basis, uncertainty, uncertainty_text, k, lod, loq, inputs,
    result_id, reduction_id, position_id, method_version_id)
    SELECT gen_random_uuid(), 1, text, value, qualifier, unit, basis, uncertainty, uncertainty_text, k, lod, loq, '{}'::jsonb,
    gen_random_uuid(), x.reduction, x.position, v.method_version_id
    FROM tested x, generate_series(1, %(analytes)s), (SELECT * FROM assays_resultversion LIMIT 1) v;
"""


def run() -> None:
    """Print the median in milliseconds, and that the plan goes by indexes."""
    with throwaway_database():
        from django.db import connection, connections

        from assays.models import Lot, ResultVersion, Run, Use
        from assays.nonconformities import recalls
        from assays.reports.services import request_certificate
        from lims.core import clock
        from tests.factories import release
        from tests.factories.measurement import make_authorised_run
        from tests.factories.people import make_cast

        cast = make_cast()
        first = make_authorised_run(cast, 1)
        position = first.positions.filter(kind="sample").select_related("aliquot__test__submission")[0]
        assert position.aliquot is not None  # noqa: S101  # a sample's position holds an aliquot
        release.finish(request_certificate(submission=position.aliquot.test.submission, by=cast.signatory))
        with connections["owner"].cursor() as cursor:
            cursor.execute(MULTIPLY, {"runs": _RUNS, "samples": _SAMPLES, "analytes": _ANALYTES})
            cursor.execute("VACUUM ANALYZE")
        lot = Lot.objects.create(
            code="LT-B", laboratory=first.laboratory, kind="acid", name="HNO3", supplier_lot="1", received_on=clock.today()
        )
        used = Run.objects.filter(code__startswith="BENCH").order_by("code")[:_USED]
        now = clock.now()
        Use.objects.bulk_create(Use(lot=lot, run=one, used_on=now.date(), recorded_by=cast.analyst, recorded_at=now) for one in used)
        print(f"recall over {ResultVersion.objects.count():,} results of {Run.objects.count()} runs (target {_TARGET_MS} ms, p50 of 9):")
        laboratory = first.laboratory_id
        for name, question in {
            f"lot used in {_USED} runs": recalls.Question("lot", lot.pk),
            "instrument, 30 days": recalls.Question("instrument", first.instrument_id, _days_before(30)),
            "analyst, 30 days": recalls.Question("person", cast.analyst.pk, _days_before(30)),
            "one run": recalls.Question("run", first.pk),
        }.items():
            found: list[Any] = recalls.find_touched_runs(question, laboratory)
            taken = 1000 * median_seconds(lambda question=question: recalls.find_touched_runs(question, laboratory), times=9)
            verdict = "reached" if taken < _TARGET_MS else "MISSED"
            print(f"  {name:24} {taken:7.1f} ms  {len(found)} runs, {sum(one.results for one in found):,} results  {verdict}")
        scans = [
            line for line in recalls.explain(recalls.Question("lot", lot.pk), laboratory) if "Seq Scan on assays_resultversion" in line
        ]
        print(f"  plan of the lot: {'results by index' if not scans else 'SCANS THE RESULTS'}")
        connection.close()


def _days_before(days: int) -> Any:
    from datetime import timedelta

    from lims.core import clock

    return clock.today() - timedelta(days=days)


if __name__ == "__main__":
    run()
