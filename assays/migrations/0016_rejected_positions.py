"""Rejections of single positions; the database refuses one of own work, and a release of what was rejected."""

from __future__ import annotations

from django.db import migrations, models

_REJECTION = """
CREATE FUNCTION assays_refuse_own_rejection() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.rejects AND public.assays_had_a_hand(NEW.run_id, NEW.asked_by_id) THEN
        RAISE EXCEPTION 'own work: who had a hand in a run rejects nothing of it' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER four_eyes BEFORE INSERT ON assays_retestrequest FOR EACH ROW EXECUTE FUNCTION assays_refuse_own_rejection();
"""

_RELEASE = """
CREATE FUNCTION assays_refuse_rejected() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM public.assays_retestrequest q
        JOIN public.assays_authorisation a ON a.run_id = q.run_id AND a.id = NEW.authorisation_id
        JOIN public.assays_resultversion v ON v.position_id = q.position_id AND v.id = NEW.result_version_id
        WHERE q.rejects
    ) THEN
        RAISE EXCEPTION 'a rejected result is not authorised' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER not_rejected BEFORE INSERT ON assays_authorisedresult FOR EACH ROW EXECUTE FUNCTION assays_refuse_rejected();
"""

_UNDONE = """
DROP TRIGGER not_rejected ON assays_authorisedresult;
DROP TRIGGER four_eyes ON assays_retestrequest;
DROP FUNCTION assays_refuse_rejected();
DROP FUNCTION assays_refuse_own_rejection();
"""


class Migration(migrations.Migration):
    dependencies = [("assays", "0015_run_lots")]

    operations = [
        migrations.RemoveConstraint(model_name="retestrequest", name="retest_asked_once"),
        migrations.AddField(model_name="retestrequest", name="rejects", field=models.BooleanField(default=False)),
        migrations.AddConstraint(
            model_name="retestrequest",
            constraint=models.UniqueConstraint(fields=("run", "position", "rejects"), name="retest_asked_once"),
        ),
        migrations.RunSQL([_REJECTION, _RELEASE], _UNDONE),
    ]
