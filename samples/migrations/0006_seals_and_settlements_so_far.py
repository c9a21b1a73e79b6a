"""What was sealed and settled before the register and the settlements had tables of their own."""

from django.db import migrations

_SETTLED = """
INSERT INTO samples_settlement (id, discrepancy_id, decision, reason, decided_by_id, decided_at, signature_id, shown_hash)
SELECT gen_random_uuid(), id, decision, reason, decided_by_id, decided_at, signature_id, ''
FROM samples_discrepancy WHERE decided_at IS NOT NULL AND signature_id IS NOT NULL
"""
_SEALED = """
INSERT INTO samples_sealuse (id, number, kind, sample_id, organisation_id, used_by_id, used_at, finding)
SELECT gen_random_uuid(), upper(regexp_replace(seal_number, '\\s', '', 'g')), 'applied', id, owner_id, registered_by_id, collected_at, ''
FROM samples_sample WHERE seal_number IS NOT NULL AND seal_number <> ''
"""
_CLOSED = """
INSERT INTO samples_sealuse (id, number, kind, consignment_id, organisation_id, used_by_id, used_at, finding)
SELECT gen_random_uuid(), upper(regexp_replace(outer_seal, '\\s', '', 'g')), 'applied', id, sender_id, created_by_id, created_at, ''
FROM samples_consignment WHERE outer_seal <> '' AND state <> 'cancelled'
"""


class Migration(migrations.Migration):
    dependencies = [("samples", "0005_discrepancies_radiation_seals")]

    operations = [migrations.RunSQL(statement, migrations.RunSQL.noop) for statement in (_SETTLED, _SEALED, _CLOSED)]
