"""How long samples of each material are kept, to begin with; and until when those that were reported already."""

from typing import Any

from django.db import migrations

# Days after the report: materials that change are not kept as long as those that do not.
DAYS = {"clay": 180, "soil": 180, "rock": 365, "concentrate": 365, "liquor": 60, "carbonate": 180, "oxide": 365}

REPORTED = """
UPDATE samples_sample s
SET retain_until = (told.at AT TIME ZONE 'Asia/Kolkata')::date + h.retention_days
FROM (SELECT pgh_obj_id, min(pgh_created_at) AS at FROM samples_sampleevent WHERE state = 'reported' GROUP BY pgh_obj_id) told,
     samples_materialhandling h
WHERE told.pgh_obj_id = s.id AND h.material = s.material AND s.state = 'reported' AND s.retain_until IS NULL
"""


def add_handling(apps: Any, schema_editor: Any) -> None:
    rows = apps.get_model("samples", "MaterialHandling").objects.using(schema_editor.connection.alias)
    for material, days in DAYS.items():
        rows.get_or_create(material=material, defaults={"retention_days": days})


class Migration(migrations.Migration):
    dependencies = [("samples", "0008_departures_and_composites")]

    operations = [
        migrations.RunPython(add_handling, migrations.RunPython.noop),
        migrations.RunSQL(REPORTED, migrations.RunSQL.noop),
    ]
