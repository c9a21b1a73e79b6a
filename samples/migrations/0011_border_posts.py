"""The border posts that are known from public reports; what is not known is left open."""

from django.db import migrations

# Code, name, the other side, region, status, from where it is known.
POSTS = [
    ("MOREH", "Moreh", "Tamu", "Manipur", "open", "International check point since 8 August 2018 (press reports)."),
    ("ZOKHAWTHAR", "Zokhawthar", "Rihkhawdar", "Mizoram", "open", "International check point since 8 August 2018 (press reports)."),
    ("ZORINPUI", "Zorinpui", "", "Mizoram", "limited", "Immigration post since 2017 (press reports)."),
    (
        "NAMPONG",
        "Nampong (Pangsau Pass)",
        "Pangsau",
        "Arunachal Pradesh",
        "closed",
        "Land customs station notified 1951, not working in 2019 (press reports); ask before a consignment is sent this way.",
    ),
]


def add_posts(apps, schema_editor):
    post = apps.get_model("samples", "BorderPost")
    for code, name, far_side, region, status, remark in POSTS:
        post.objects.using(schema_editor.connection.alias).get_or_create(
            code=code, defaults={"name": name, "far_side": far_side, "region": region, "status": status, "remark": remark}
        )


class Migration(migrations.Migration):
    dependencies = [("samples", "0010_routes_papers_packs")]
    operations = [migrations.RunPython(add_posts, migrations.RunPython.noop)]
