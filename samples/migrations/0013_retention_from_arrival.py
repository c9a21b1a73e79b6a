"""Until when samples are kept that laboratories received and never reported."""

from django.db import migrations, models

UNREPORTED = """
UPDATE samples_sample s
SET retain_until = (s.received_at AT TIME ZONE 'Asia/Kolkata')::date + h.retention_days
FROM samples_materialhandling h
WHERE h.material = s.material AND s.received_at IS NOT NULL AND s.retain_until IS NULL
    AND s.state IN ('received', 'in_preparation', 'in_analysis')
"""


class Migration(migrations.Migration):
    dependencies = [("samples", "0012_outer_seals_and_reports")]

    operations = [
        migrations.AlterField(
            model_name="sample",
            name="retain_until",
            field=models.DateField(
                blank=True, help_text="Kept at least until then; from its arrival, and again from its report", null=True
            ),
        ),
        migrations.AlterField(
            model_name="sampleevent",
            name="retain_until",
            field=models.DateField(
                blank=True, help_text="Kept at least until then; from its arrival, and again from its report", null=True
            ),
        ),
        migrations.RunSQL(UNREPORTED, migrations.RunSQL.noop),
    ]
