"""A secret is renewed while the old one still signs beside it."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_validation_signatures'),
        ('webhooks', '0001_webhooks'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='webhook',
            name='old_secret_until',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='webhook',
            name='sealed_old_secret',
            field=models.TextField(blank=True, default='', editable=False),
        ),
        migrations.AddField(
            model_name='webhookevent',
            name='old_secret_until',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddConstraint(
            model_name='webhook',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('old_secret_until', None), ('sealed_old_secret', '')), models.Q(models.Q(('sealed_old_secret', ''), _negated=True), ('old_secret_until__isnull', False)), _connector='OR'), name='old_secret_has_an_end'),
        ),
    ]
