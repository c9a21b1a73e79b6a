"""The racks of usual autosamplers, for every laboratory. A laboratory adds its own."""

from typing import Any

from django.db import migrations

USUAL = [("50", "Rack of 50", 5, 10), ("60", "Rack of 60", 5, 12), ("84", "Rack of 84", 7, 12), ("240", "Four racks of 60", 20, 12)]


def add_layouts(apps: Any, schema_editor: Any) -> None:
    layouts = apps.get_model("assays", "TrayLayout").objects.using(schema_editor.connection.alias)
    for code, name, rows, columns in USUAL:
        layouts.get_or_create(laboratory=None, code=code, defaults={"name": name, "rows": rows, "columns": columns})


class Migration(migrations.Migration):
    dependencies = [("assays", "0005_run_controls")]

    operations = [migrations.RunPython(add_layouts, migrations.RunPython.noop)]
