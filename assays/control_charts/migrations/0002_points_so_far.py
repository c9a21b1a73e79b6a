"""Control charts begin with what was judged before they had tables of their own."""

from django.db import migrations

_SERIES = """
INSERT INTO control_charts_controlseries (id, laboratory_id, material_id, analyte_id, method_id, instrument_id)
SELECT gen_random_uuid(), one.* FROM (
    SELECT DISTINCT r.laboratory_id, p.material_id, v.analyte_id, m.method_id, r.instrument_id
    FROM assays_verdict v
    JOIN assays_runposition p ON p.id = v.position_id
    JOIN assays_run r ON r.id = p.run_id
    JOIN assays_methodversion m ON m.id = r.method_version_id
    WHERE v.statistic = 'z' AND v.value <> '' AND p.material_id IS NOT NULL AND r.measured_at IS NOT NULL
) one
"""
# A z score was kept in full and the value beside it as text of four figures, so the value is what the score says of the material's.
_POINTS = """
INSERT INTO control_charts_controlpoint
    (id, series_id, run_id, evaluation_id, evaluation_number, position_id, verdict_id, measured_at, value, qualifier, unit, expected, sd, outcome)
SELECT gen_random_uuid(), s.id, r.id, v.evaluation_id, e.number, p.id, v.id, r.measured_at, c.value + v.value::numeric * c.sd, '', c.unit, c.value,
    c.sd, v.outcome
FROM assays_verdict v
JOIN assays_evaluation e ON e.id = v.evaluation_id
JOIN assays_runposition p ON p.id = v.position_id
JOIN assays_run r ON r.id = p.run_id
JOIN assays_methodversion m ON m.id = r.method_version_id
JOIN assays_method method ON method.id = m.method_id
JOIN assays_certifiedvalue c
    ON c.material_id = p.material_id AND c.analyte_id = v.analyte_id AND c.method_group = method.method_group AND c.sd IS NOT NULL
JOIN control_charts_controlseries s
    ON s.laboratory_id = r.laboratory_id AND s.material_id = p.material_id AND s.analyte_id = v.analyte_id
    AND s.method_id = m.method_id AND s.instrument_id = r.instrument_id
WHERE v.statistic = 'z' AND v.value <> '' AND r.measured_at IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("control_charts", "0001_control_charts")]

    operations = [migrations.RunSQL(statement, migrations.RunSQL.noop) for statement in (_SERIES, _POINTS)]
