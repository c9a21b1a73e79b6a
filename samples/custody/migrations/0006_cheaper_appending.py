from django.db import migrations

# The ends of chains move with every event. With room beside them on their page they move without touching their index.
_ROOM = "ALTER TABLE custody_custodyhead SET (fillfactor = 50)"
_NO_ROOM = "ALTER TABLE custody_custodyhead RESET (fillfactor)"


class Migration(migrations.Migration):

    dependencies = [
        ('custody', '0005_passed_events'),
    ]

    operations = [
        # Nothing asks for events by the time they were recorded.
        migrations.RemoveIndex(model_name='custodyevent', name='custody_by_recorded_at'),
        migrations.RunSQL(_ROOM, _NO_ROOM),
    ]
