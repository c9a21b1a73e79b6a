"""A control chart of 200 points out of a million control readings, and one of 10,000."""

from __future__ import annotations

from typing import Any

from bench.database import median_seconds, throwaway_database

_RUNS, _SERIES = 10_000, 100
_TARGET_MS = 10


def run() -> None:
    """Print how long the database takes for the points of one chart, and the product for the whole of it."""
    with throwaway_database():
        from django.db import connection, connections

        from assays.control_charts.drawing import View, draw
        from assays.control_charts.selectors import Asked, newest_points, read_history
        from tests.factories.measurement import make_measured_run
        from tests.factories.people import make_cast

        cast = make_cast()
        first = make_measured_run(cast, 1)
        with connections["owner"].cursor() as cursor:
            for statement in _FILL:
                cursor.execute(statement, {"run": first.pk, "runs": _RUNS, "series": _SERIES})
            cursor.execute("SELECT count(*) FROM control_charts_controlpoint")
            print(f"control charts over {cursor.fetchone()[0]:,} points in {_SERIES} series and {_RUNS:,} runs:")
        asked = Asked("FUS-MS", "OREAS 100a", "Dy", first.instrument.code)
        wanted = newest_points().filter(series__analyte__symbol="Dy", series__material__code="OREAS 100a").values("series")[:1]
        series = wanted[0]["series"]
        for count in (200, 10_000):
            rows = newest_points().filter(series=series).order_by("-measured_at", "-id").values_list("value", "measured_at")[:count]
            sql, params = rows.query.sql_with_params()
            taken = 1000 * median_seconds(lambda sql=sql, params=params: _execute(connection, sql, params), times=9)  # type: ignore[misc]
            verdict = f"  {'reached' if taken < _TARGET_MS else 'MISSED'} (target {_TARGET_MS} ms)" if count == 200 else ""
            print(f"  {count:6,} points in SQL: {taken:7.1f} ms{verdict}")
            many = Asked(asked.method, asked.material, asked.analyte, asked.instrument, count=count)
            whole = 1000 * median_seconds(lambda many=many: draw(read_history(cast.reviewer, many), many, View.VALUE), times=5)  # type: ignore[misc]
            print(f"  {count:6,} points read and drawn: {whole:7.1f} ms")


def _execute(connection: Any, sql: str, params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        cursor.fetchall()


# Copies of one measured run: as many runs of one control each, in series of other materials and elements beside the one asked for.
_FILL = (
    """
    CREATE TEMP TABLE filler AS
        SELECT n, gen_random_uuid() AS run, gen_random_uuid() AS evaluation, gen_random_uuid() AS position
        FROM generate_series(1, %(runs)s) n
    """,
    """
    INSERT INTO assays_run
    SELECT r.* FROM (SELECT measured_at, to_jsonb(one) AS j FROM assays_run one WHERE id = %(run)s) p, filler f,
    jsonb_populate_record(NULL::assays_run, p.j || jsonb_build_object('id', f.run, 'code', 'B-' || f.n,
        'measured_at', p.measured_at - f.n * interval '1 hour')) r
    """,
    """
    INSERT INTO assays_evaluation
    SELECT e.* FROM (SELECT to_jsonb(one) AS j FROM assays_evaluation one WHERE run_id = %(run)s LIMIT 1) p, filler f,
    jsonb_populate_record(NULL::assays_evaluation, p.j || jsonb_build_object('id', f.evaluation, 'run_id', f.run)) e
    """,
    """
    INSERT INTO assays_runposition
    SELECT t.* FROM (SELECT to_jsonb(one) AS j FROM assays_runposition one WHERE run_id = %(run)s AND kind = 'reference' LIMIT 1) p,
    filler f,
    jsonb_populate_record(NULL::assays_runposition, p.j || jsonb_build_object('id', f.position, 'run_id', f.run, 'number', 1)) t
    """,
    """
    INSERT INTO control_charts_controlseries (id, laboratory_id, material_id, analyte_id, method_id, instrument_id)
    SELECT gen_random_uuid(), s.laboratory_id, m.id, a.id, s.method_id, s.instrument_id
    FROM (SELECT * FROM control_charts_controlseries LIMIT 1) s, assays_referencematerial m, assays_analyte a
    ORDER BY m.code <> 'OREAS 100a', m.code, a."order"
    LIMIT %(series)s
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO control_charts_controlpoint (id, series_id, run_id, evaluation_id, evaluation_number, position_id, measured_at, value,
        qualifier, unit, expected, sd, outcome)
    SELECT gen_random_uuid(), s.id, f.run, f.evaluation, 1, f.position, r.measured_at, 23 + 3 * random(), '', 'mg/kg', 23.2, 0.88,
        'pass'
    FROM filler f JOIN assays_run r ON r.id = f.run, (SELECT id FROM control_charts_controlseries LIMIT %(series)s) s
    """,
    "ANALYZE",
)


if __name__ == "__main__":
    run()
