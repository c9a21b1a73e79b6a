"""Each laboratory may set its own handling of a material; the rows that are there become the default."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_signed_lot_values'),
        ('samples', '0013_retention_from_arrival'),
    ]

    operations = [
        migrations.AddField(
            model_name='materialhandling',
            name='laboratory',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation'),
        ),
        migrations.AddField(
            model_name='materialhandlingevent',
            name='laboratory',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.organisation'),
        ),
        migrations.AlterField(
            model_name='materialhandling',
            name='material',
            field=models.CharField(choices=[('clay', 'ion-adsorption clay'), ('soil', 'soil or saprolite'), ('rock', 'hard rock or ore'), ('concentrate', 'mineral concentrate'), ('liquor', 'leach liquor'), ('carbonate', 'rare-earth carbonate or oxalate'), ('oxide', 'calcined rare-earth oxide')], max_length=16),
        ),
        migrations.AddConstraint(
            model_name='materialhandling',
            constraint=models.UniqueConstraint(fields=('material', 'laboratory'), name='handling_once_per_laboratory', nulls_distinct=False),
        ),
        # Back to one row for each material: the defaults.
        migrations.RunSQL(migrations.RunSQL.noop, "DELETE FROM samples_materialhandling WHERE laboratory_id IS NOT NULL"),
    ]
