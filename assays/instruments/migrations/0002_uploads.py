import assays.instruments.models
import django.db.models.deletion
import lims.core.ids
import pghistory.utils
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '__first__'),
        ('assays', '0001_initial'),
        ('instruments', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.UUIDField(default=lims.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('sha256', models.CharField(max_length=64)),
                ('file_name', models.CharField(max_length=255)),
                ('size', models.PositiveIntegerField()),
                ('format', models.CharField(blank=True, max_length=60)),
                ('state', models.CharField(choices=[('unreadable', 'cannot be read'), ('waiting', 'waits for a person'), ('recorded', 'recorded'), ('withdrawn', 'withdrawn')], max_length=10)),
                ('error', models.TextField(blank=True)),
                ('error_place', models.CharField(blank=True, max_length=80)),
                ('notes', models.JSONField(default=list)),
                ('received_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('decision_reason', models.TextField(blank=True)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('instrument', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='uploads', to='instruments.instrument')),
                ('laboratory', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation')),
                ('received_from', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('run', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='uploads', to='assays.run')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='UploadEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('pgh_context_id', models.UUIDField(null=True)),
                ('id', models.UUIDField(default=lims.core.ids.uuid7, editable=False, serialize=False)),
                ('sha256', models.CharField(max_length=64)),
                ('file_name', models.CharField(max_length=255)),
                ('size', models.PositiveIntegerField()),
                ('format', models.CharField(blank=True, max_length=60)),
                ('state', models.CharField(choices=[('unreadable', 'cannot be read'), ('waiting', 'waits for a person'), ('recorded', 'recorded'), ('withdrawn', 'withdrawn')], max_length=10)),
                ('error', models.TextField(blank=True)),
                ('error_place', models.CharField(blank=True, max_length=80)),
                ('notes', models.JSONField(default=list)),
                ('received_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('decision_reason', models.TextField(blank=True)),
                ('decided_by', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('instrument', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='instruments.instrument')),
                ('laboratory', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.organisation')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='instruments.upload')),
                ('received_from', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('run', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='assays.run')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='UploadRow',
            fields=[
                ('id', models.UUIDField(default=lims.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('index', models.PositiveIntegerField(help_text='Order in the file, from 1')),
                ('sheet', models.CharField(blank=True, max_length=80)),
                ('row', models.PositiveIntegerField(null=True)),
                ('label', models.CharField(max_length=200)),
                ('vial', models.CharField(blank=True, max_length=40)),
                ('total_dilution', assays.instruments.models.ExactNumber(decimal_places=350, help_text="The factor the file's concentrations already carry", max_digits=700, null=True)),
                ('type', models.CharField(blank=True, max_length=40)),
                ('kind', models.CharField(default='unknown', help_text='What it was taken for: sample, blank, standard, control, unknown', max_length=10)),
                ('outcome', models.CharField(choices=[('matched', 'matched'), ('control', 'control, recognised'), ('calibration', 'calibration'), ('parked', 'parked for a person'), ('ignored', 'set aside by a person')], max_length=12)),
                ('reason', models.TextField(blank=True)),
                ('warnings', models.JSONField(default=list)),
                ('acquired_at', models.CharField(blank=True, help_text='Text as the file has it', max_length=60)),
                ('decided_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('position', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='upload_rows', to='assays.runposition')),
                ('upload', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='rows', to='instruments.upload')),
            ],
            options={
                'ordering': ['index'],
            },
        ),
        migrations.CreateModel(
            name='Reading',
            fields=[
                ('id', models.UUIDField(default=lims.core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('sequence', models.PositiveIntegerField()),
                ('analyte', models.CharField(help_text='Symbol as read; not every one is an analyte of the method', max_length=12)),
                ('isotope', models.CharField(blank=True, max_length=64)),
                ('gas_mode', models.CharField(blank=True, max_length=64)),
                ('quantity', models.CharField(max_length=64)),
                ('unit', models.CharField(blank=True, max_length=20)),
                ('raw', models.TextField()),
                ('value', assays.instruments.models.ExactNumber(decimal_places=350, max_digits=700, null=True)),
                ('qualifier', models.CharField(blank=True, max_length=12)),
                ('internal_standard', models.BooleanField(default=False)),
                ('replicate', models.PositiveSmallIntegerField(null=True)),
                ('source_row', models.PositiveIntegerField(help_text="The row in the file or, for JSON, the reading's number", null=True)),
                ('column', models.CharField(blank=True, max_length=12)),
                ('row', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='readings', to='instruments.uploadrow')),
            ],
            options={
                'ordering': ['row', 'sequence'],
            },
        ),
        migrations.CreateModel(
            name='UploadRowEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('pgh_context_id', models.UUIDField(null=True)),
                ('id', models.UUIDField(default=lims.core.ids.uuid7, editable=False, serialize=False)),
                ('index', models.PositiveIntegerField(help_text='Order in the file, from 1')),
                ('sheet', models.CharField(blank=True, max_length=80)),
                ('row', models.PositiveIntegerField(null=True)),
                ('label', models.CharField(max_length=200)),
                ('vial', models.CharField(blank=True, max_length=40)),
                ('total_dilution', assays.instruments.models.ExactNumber(decimal_places=350, help_text="The factor the file's concentrations already carry", max_digits=700, null=True)),
                ('type', models.CharField(blank=True, max_length=40)),
                ('kind', models.CharField(default='unknown', help_text='What it was taken for: sample, blank, standard, control, unknown', max_length=10)),
                ('outcome', models.CharField(choices=[('matched', 'matched'), ('control', 'control, recognised'), ('calibration', 'calibration'), ('parked', 'parked for a person'), ('ignored', 'set aside by a person')], max_length=12)),
                ('reason', models.TextField(blank=True)),
                ('warnings', models.JSONField(default=list)),
                ('acquired_at', models.CharField(blank=True, help_text='Text as the file has it', max_length=60)),
                ('decided_by', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL)),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='instruments.uploadrow')),
                ('position', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='assays.runposition')),
                ('upload', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='instruments.upload')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddIndex(
            model_name='upload',
            index=models.Index(fields=['laboratory', '-id'], name='uploads_of_laboratory'),
        ),
        migrations.AddIndex(
            model_name='upload',
            index=models.Index(condition=models.Q(('state__in', ['waiting', 'unreadable'])), fields=['laboratory', '-id'], name='uploads_undecided'),
        ),
        migrations.AddConstraint(
            model_name='upload',
            constraint=models.UniqueConstraint(fields=('instrument', 'sha256'), name='same_bytes_one_upload'),
        ),
        migrations.AddIndex(
            model_name='uploadrow',
            index=models.Index(condition=models.Q(('outcome', 'parked')), fields=['upload'], name='rows_parked'),
        ),
        migrations.AddConstraint(
            model_name='uploadrow',
            constraint=models.UniqueConstraint(fields=('upload', 'index'), name='row_once_per_upload'),
        ),
        migrations.AddConstraint(
            model_name='reading',
            constraint=models.UniqueConstraint(fields=('row', 'sequence'), name='reading_once_per_row'),
        ),
    ]
