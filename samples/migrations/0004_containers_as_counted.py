"""Containers of samples at a laboratory as it counted them on receipt, as their mass is what it weighed."""

from django.db import migrations

COUNTED = """
UPDATE samples_sample s
SET container_count = counted.container_count
FROM (
    SELECT DISTINCT ON (item.sample_id) item.sample_id, item.container_count
    FROM samples_receiptitem item
    JOIN samples_receipt receipt ON receipt.id = item.receipt_id
    WHERE item.present AND item.container_count IS NOT NULL
    ORDER BY item.sample_id, receipt.received_at DESC
) counted
WHERE counted.sample_id = s.id AND counted.container_count <> s.container_count
"""


class Migration(migrations.Migration):
    dependencies = [("samples", "0003_consignments_astray")]

    operations = [migrations.RunSQL(COUNTED, migrations.RunSQL.noop)]
