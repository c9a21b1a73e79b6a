"""The kinds of places to begin with; more can be added as data."""

from typing import Any

from django.db import migrations

KINDS = [
    ("site", "site", 1, False),
    ("room", "room", 2, False),
    ("rack", "rack", 3, False),
    ("shelf", "shelf", 4, False),
    ("box", "box", 5, False),
    ("position", "position", 6, True),
]


def add_kinds(apps: Any, schema_editor: Any) -> None:
    kinds = apps.get_model("storage", "LocationKind").objects.using(schema_editor.connection.alias)
    for code, name, depth, holds in KINDS:
        kinds.get_or_create(code=code, defaults={"name": name, "depth": depth, "holds_samples": holds})


class Migration(migrations.Migration):
    dependencies = [("storage", "0001_initial")]

    operations = [migrations.RunPython(add_kinds, migrations.RunPython.noop)]
