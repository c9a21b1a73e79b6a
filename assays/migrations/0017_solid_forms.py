"""Solids that are measured undissolved: the form a method version measures, what its instrument reports a content of, and specimens."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("assays", "0016_rejected_positions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="aliquot",
            name="ignition_loss_percent",
            field=models.DecimalField(blank=True, decimal_places=3, max_digits=6, null=True),
        ),
        migrations.AddField(
            model_name="aliquot",
            name="specimen_g",
            field=models.DecimalField(blank=True, decimal_places=5, max_digits=12, null=True),
        ),
        migrations.AddField(
            model_name="aliquotevent",
            name="ignition_loss_percent",
            field=models.DecimalField(blank=True, decimal_places=3, max_digits=6, null=True),
        ),
        migrations.AddField(
            model_name="aliquotevent",
            name="specimen_g",
            field=models.DecimalField(blank=True, decimal_places=5, max_digits=12, null=True),
        ),
        migrations.AddField(
            model_name="methodversion",
            name="form",
            field=models.CharField(
                choices=[("solution", "solution"), ("pressed_pellet", "pressed pellet"), ("fused_bead", "fused bead")],
                default="solution",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="methodversion",
            name="reported_of",
            field=models.CharField(
                choices=[
                    ("sample", "the sample as prepared"),
                    ("specimen", "the pellet or bead itself"),
                    ("ignited", "the ignited sample"),
                ],
                default="sample",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="methodversion",
            name="specimen_g",
            field=models.DecimalField(blank=True, decimal_places=5, max_digits=12, null=True),
        ),
        migrations.AddField(
            model_name="methodversionevent",
            name="form",
            field=models.CharField(
                choices=[("solution", "solution"), ("pressed_pellet", "pressed pellet"), ("fused_bead", "fused bead")],
                default="solution",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="methodversionevent",
            name="reported_of",
            field=models.CharField(
                choices=[
                    ("sample", "the sample as prepared"),
                    ("specimen", "the pellet or bead itself"),
                    ("ignited", "the ignited sample"),
                ],
                default="sample",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="methodversionevent",
            name="specimen_g",
            field=models.DecimalField(blank=True, decimal_places=5, max_digits=12, null=True),
        ),
        migrations.AlterField(
            model_name="aliquot",
            name="dilution",
            field=models.DecimalField(decimal_places=4, default=1, max_digits=12),
        ),
        migrations.AlterField(
            model_name="aliquot",
            name="volume_ml",
            field=models.DecimalField(blank=True, decimal_places=3, max_digits=9, null=True),
        ),
        migrations.AlterField(
            model_name="aliquotevent",
            name="dilution",
            field=models.DecimalField(decimal_places=4, default=1, max_digits=12),
        ),
        migrations.AlterField(
            model_name="aliquotevent",
            name="volume_ml",
            field=models.DecimalField(blank=True, decimal_places=3, max_digits=9, null=True),
        ),
        migrations.AlterField(
            model_name="methodversion",
            name="dilution",
            field=models.DecimalField(decimal_places=3, default=1, max_digits=9),
        ),
        migrations.AlterField(
            model_name="methodversion",
            name="volume_ml",
            field=models.DecimalField(blank=True, decimal_places=3, max_digits=9, null=True),
        ),
        migrations.AlterField(
            model_name="methodversionevent",
            name="dilution",
            field=models.DecimalField(decimal_places=3, default=1, max_digits=9),
        ),
        migrations.AlterField(
            model_name="methodversionevent",
            name="volume_ml",
            field=models.DecimalField(blank=True, decimal_places=3, max_digits=9, null=True),
        ),
        migrations.AddConstraint(
            model_name="aliquot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("specimen_g", None), ("specimen_g__gte", models.F("mass_g")), _connector="OR"),
                    models.Q(
                        ("ignition_loss_percent", None),
                        models.Q(("ignition_loss_percent__gt", -100), ("ignition_loss_percent__lt", 100)),
                        _connector="OR",
                    ),
                ),
                name="specimen_amounts_possible",
            ),
        ),
        migrations.AddConstraint(
            model_name="methodversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("form", "solution"), ("reported_of", "sample"), ("specimen_g", None), ("volume_ml__gt", 0)),
                    models.Q(
                        models.Q(("form", "solution"), _negated=True),
                        ("dilution", 1),
                        ("volume_ml", None),
                        models.Q(models.Q(("reported_of", "specimen"), _negated=True), ("specimen_g__gt", 0), _connector="OR"),
                    ),
                    _connector="OR",
                ),
                name="method_amounts_fit_form",
            ),
        ),
    ]
