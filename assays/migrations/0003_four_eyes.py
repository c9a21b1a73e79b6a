"""Four eyes inside the database: who had a hand in a run can neither decide about it nor authorise its results, also not from SQL.

The functions belong to the owner and run with its rights, so that the application role can neither replace them nor hide rows from them.
`assays.services.four_eyes` says the same in sentences, before it comes to this.
"""

from __future__ import annotations

from django.db import migrations

_HANDS = """
CREATE FUNCTION assays_had_a_hand(the_run uuid, person uuid) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM public.assays_run WHERE id = the_run AND planned_by_id = person)
        OR EXISTS (
            SELECT FROM public.assays_runposition p
            JOIN public.assays_aliquot a ON a.id = p.aliquot_id
            JOIN public.assays_preparation r ON r.id = a.preparation_id
            WHERE p.run_id = the_run AND person IN (a.weighed_by_id, r.prepared_by_id)
        )
        OR EXISTS (SELECT FROM public.instruments_upload WHERE run_id = the_run AND person IN (received_from_id, decided_by_id))
        OR EXISTS (
            SELECT FROM public.instruments_upload u
            JOIN public.instruments_uploadrow w ON w.upload_id = u.id
            WHERE u.run_id = the_run AND w.decided_by_id = person
        )
        OR EXISTS (SELECT FROM public.assays_reduction WHERE run_id = the_run AND reduced_by_id = person)
$$
"""

_DECISION = """
CREATE FUNCTION assays_refuse_own_decision() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.decided_by_id IS DISTINCT FROM (SELECT signer_id FROM public.accounts_signature WHERE id = NEW.signature_id) THEN
        RAISE EXCEPTION 'a decision on a run is signed by who decides' USING ERRCODE = 'restrict_violation';
    END IF;
    IF public.assays_had_a_hand(NEW.run_id, NEW.decided_by_id) THEN
        RAISE EXCEPTION 'own work: who had a hand in a run does not decide about it' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER four_eyes BEFORE INSERT ON assays_rundecision FOR EACH ROW EXECUTE FUNCTION assays_refuse_own_decision();
"""

_AUTHORISATION = """
CREATE FUNCTION assays_refuse_own_authorisation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    person uuid := (SELECT signer_id FROM public.accounts_signature WHERE id = NEW.signature_id);
    reviewer uuid := (
        SELECT decided_by_id FROM public.assays_rundecision
        WHERE run_id = NEW.run_id AND decision = 'approve' ORDER BY decided_at DESC, id DESC LIMIT 1
    );
BEGIN
    IF public.assays_had_a_hand(NEW.run_id, person) THEN
        RAISE EXCEPTION 'own work: who had a hand in a run does not authorise its results' USING ERRCODE = 'restrict_violation';
    END IF;
    IF person = reviewer AND NOT (
        SELECT v.reviewer_may_authorise FROM public.assays_run r
        JOIN public.assays_methodversion v ON v.id = r.method_version_id WHERE r.id = NEW.run_id
    ) THEN
        RAISE EXCEPTION 'own review: another signatory authorises' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER four_eyes BEFORE INSERT ON assays_authorisation FOR EACH ROW EXECUTE FUNCTION assays_refuse_own_authorisation();
"""

_UNDONE = """
DROP TRIGGER four_eyes ON assays_authorisation;
DROP TRIGGER four_eyes ON assays_rundecision;
DROP FUNCTION assays_refuse_own_authorisation();
DROP FUNCTION assays_refuse_own_decision();
DROP FUNCTION assays_had_a_hand(uuid, uuid);
"""


class Migration(migrations.Migration):
    dependencies = [("assays", "0002_lots_and_overrides"), ("instruments", "0002_uploads"), ("accounts", "0005_closing_signatures")]

    operations = [migrations.RunSQL([_HANDS, _DECISION, _AUTHORISATION], _UNDONE)]
