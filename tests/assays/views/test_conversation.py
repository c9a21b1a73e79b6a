"""A file of a layout nobody knows: kept, taught on the page, read, looked through, recorded; and the error queue with its ways out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from assays.instruments.models import (
    Attempt,
    InstrumentToken,
    Mapping,
    MappingVersion,
    NamePattern,
    Reading,
    RefusedMessage,
    Upload,
    UploadRow,
)
from assays.instruments.replaying import replay_upload
from assays.models import ResultVersion, Run
from lims.accounts.tokens import issue_token
from tests.factories.bench import make_planned_run
from tests.factories.browsing import said, sign_in, text_of
from tests.factories.callers import InstrumentCaller
from tests.factories.measurement import concentrations_of, make_readings, make_waiting_upload, positions_of
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db


@contextmanager
def nothing_changes() -> Iterator[None]:
    """Whatever is refused inside the block leaves what was taught, what came and what waits as it was."""
    tables: tuple[Any, ...] = (Upload, UploadRow, Reading, Mapping, MappingVersion, NamePattern, RefusedMessage, Attempt, Run)

    def everything() -> list[Any]:
        return [list(table.objects.order_by("pk").values()) for table in tables]

    before = everything()
    yield
    assert everything() == before


def write_unknown(run: Run, *, separator: str = ";") -> bytes:
    """A run as a program would write it that nobody has heard of: two lines of its own, headings, decimal commas."""
    version = run.method_version
    isotopes = {one.analyte.symbol: "".join(filter(str.isdigit, one.isotope)) for one in version.analytes.select_related("analyte")}
    text = io.StringIO()
    rows = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    rows.writerow(["Spectral Wizard 3000"])
    rows.writerow(["Batch", "7"])
    rows.writerow(["Lab no.", "Operator", "DF", *(f"{symbol}-{isotopes[symbol]} [mg/L]" for symbol in isotopes)])
    for position in positions_of(run):
        dilution = (position.aliquot or position).dilution or version.dilution
        values = concentrations_of(position)
        rows.writerow(
            [position.label, "ZAW", str(dilution).replace(".", ","), *(str(values[one] / 1000).replace(".", ",") for one in isotopes)]
        )
    return text.getvalue().encode()


def caller_of(run: Run) -> InstrumentCaller:
    """The run's instrument at the API."""
    return InstrumentCaller(issue_token(InstrumentToken, by="test", name="test", instrument=run.instrument)[1])


def bring(client: Any, run: Run, data: bytes, name: str = "wizard.csv") -> Upload:
    client.post("/uploads/new/", {"instrument": run.instrument.code, "file": SimpleUploadedFile(name, data)})
    return Upload.objects.latest("id")


def answers(page: Any, **changes: str) -> dict[str, str]:
    """What the page of a layout proposes, with values that include the dilution, and some of it changed."""
    form, chosen = page.context["form"], page.context["chosen"]
    fields = {name: form[name].value() for name in form.fields if form[name].value() not in {None, False}}
    table = {name: str(value) for name, value in chosen.items() if value is not False}
    included = {name: "concentration" for name in fields if name.startswith("quantity_")}
    return {name: str(value) for name, value in fields.items()} | included | table | changes


def test_an_unknown_layout_is_taught_read_and_recorded(cast: Cast, planned: Run) -> None:
    technician = sign_in(cast.technician)
    upload = bring(technician, planned, write_unknown(planned))
    address = f"/uploads/{upload.pk}/"
    assert upload.state == "unreadable"
    page = text_of(technician.get(address))
    assert "Teach this layout" in page
    assert "Spectral Wizard 3000" in page
    assert "wizard.csv" in text_of(technician.get("/uploads/queue/"))

    teach = technician.get(f"{address}teach/")
    assert teach.context["chosen"]["header"] == 3
    proposed = answers(teach, name="Wizard")
    assert proposed["decimal_sign"] == ","
    assert [proposed[f"role_{at}"] for at in range(4)] == ["label", "comment", "dilution", "value"]
    with nothing_changes():
        unsaid = technician.post(f"{address}teach/", proposed | {"unit_3": "", "step": "save"})
        assert unsaid.status_code == 422
        assert "A concentration needs its unit" in text_of(unsaid)
        measured = {name: "measured_concentration" for name in proposed if name.startswith("quantity_")}
        assert "no value includes it" in text_of(technician.post(f"{address}teach/", proposed | measured | {"step": "save"}))
        shown = technician.post(f"{address}teach/", proposed | {"step": "preview"})
    export = shown.context["export"]
    assert len(export.rows) == planned.positions.count()
    assert {reading.unit for reading in export.readings} == {"mg/L"}
    assert export.readings[0].raw in text_of(shown)

    kept = technician.post(f"{address}teach/", proposed | {"step": "save"}, follow=True)
    assert "The mapping is kept and the file is read with it" in said(kept)[-1]
    upload.refresh_from_db()
    assert (upload.state, upload.format, upload.run, str(upload.mapping)) == ("waiting", "mapped", planned, "Wizard v1")
    assert Attempt.objects.get().outcome == "waiting"
    page = text_of(technician.get(address))
    assert "Called as the tube is." in page
    assert "1 mg/L is 1000 ug/L" in page
    assert not ResultVersion.objects.exists()

    technician.post(f"{address}confirm/")
    planned.refresh_from_db()
    assert planned.state == "qc_passed"
    assert Reading.objects.filter(unit="mg/L").exists()

    # The next file of the layout is known by its headings; the laboratory next door knows nothing of it.
    other = make_planned_run(cast, 1, instrument=planned.instrument)
    assert bring(technician, other, write_unknown(other), "next.csv").mapping == upload.mapping
    mapping = Mapping.objects.get()
    assert sign_in(cast.outsiders["technician"]).get(f"/mappings/{mapping.pk}/").status_code == 404
    assert "Wizard" in text_of(technician.get("/mappings/"))
    assert b"Wizard" in b"".join(technician.get("/mappings/?format=csv").streaming_content)
    assert technician.get(f"/mappings/{mapping.pk}/").status_code == 200


def test_a_corrected_mapping_reads_the_same_bytes_again_and_keeps_what_was_read_before(cast: Cast, planned: Run) -> None:
    analyst = sign_in(cast.analyst)
    upload = bring(analyst, planned, write_unknown(planned))
    teach = f"/uploads/{upload.pk}/teach/"
    wrong = answers(analyst.get(teach), name="Wizard", step="save")
    analyst.post(teach, wrong | {"unit_3": "ug/L"})
    before = list(Reading.objects.order_by("pk").values())
    mapping = Mapping.objects.get()
    change = f"{teach}?mapping={mapping.pk}"
    with nothing_changes():
        assert "Say why the mapping changes" in text_of(analyst.post(change, wrong))
    corrected = analyst.post(change, wrong | {"reason": "the unit is mg/L"}, follow=True)
    upload.refresh_from_db()
    new = upload.replaced_by
    assert corrected.redirect_chain[-1][0] == f"/uploads/{new.pk}/"
    assert (upload.state, new.state, new.mapping.number) == ("withdrawn", "waiting", 2)
    assert list(Reading.objects.filter(row__upload=upload).order_by("pk").values()) == before
    assert "Open the upload that counts" in text_of(analyst.get(f"/uploads/{upload.pk}/"))
    assert bring(analyst, planned, write_unknown(planned)) == new
    assert MappingVersion.objects.count() == 2

    gone = analyst.post(f"/mappings/{mapping.pk}/use/", {"reason": "a new program"}, follow=True)
    assert said(gone)[-1] == "Changed."
    assert bring(analyst, planned, write_unknown(planned, separator=";") + b"\r\n", "b.csv").state == "unreadable"


def test_two_mappings_that_fit_ask_which_is_meant(cast: Cast, planned: Run) -> None:
    analyst = sign_in(cast.analyst)
    upload = bring(analyst, planned, write_unknown(planned))
    teach = f"/uploads/{upload.pk}/teach/"
    said_before = answers(analyst.get(teach), step="save")
    analyst.post(teach, said_before | {"name": "One"})
    second = analyst.post(teach, said_before | {"name": "Two"}, follow=True)
    assert "This file also fits One" in " ".join(said(second))
    other = make_planned_run(cast, 1, instrument=planned.instrument)
    unsure = bring(analyst, other, write_unknown(other), "next.csv")
    assert unsure.state == "unreadable"
    page = text_of(analyst.get(f"/uploads/{unsure.pk}/"))
    assert "Several mappings fit this file (One, Two)" in page
    assert "several" in replay_upload(upload=unsure, by=cast.analyst).outcome
    two = MappingVersion.objects.get(mapping__name="Two")
    analyst.post(f"/uploads/{unsure.pk}/replay/", {"mapping": str(two.pk)})
    unsure.refresh_from_db()
    assert (unsure.state, unsure.mapping) == ("waiting", two)


def test_a_pattern_is_tried_kept_and_mends_what_waits_by_replay(cast: Cast, planned: Run) -> None:
    upload = make_waiting_upload(cast, planned)
    analyst = sign_in(cast.analyst)
    page = text_of(analyst.get("/name-patterns/?names=Oreas 24b%0AFELDSPAR 7"))
    assert "which come with the product" in page
    said_of = {one["name"]: one["kind"] for one in analyst.get("/name-patterns/?names=Oreas 24b%0AFELDSPAR 7").context["tried"]}
    assert said_of == {"Oreas 24b": "control", "FELDSPAR 7": ""}
    new = {"names": "feldspar#", "kind": "control", "try_names": "FELDSPAR 7"}
    with nothing_changes():
        assert analyst.post("/name-patterns/new/", new | {"try": "1"}).context["tried"][0]["kind"] == "control"
        assert analyst.post("/name-patterns/new/", new | {"names": "*"}).status_code == 422
        assert analyst.post("/name-patterns/new/", new | {"names": "a*b*c*d*e"}).status_code == 422
    analyst.post("/name-patterns/new/", new)
    own = NamePattern.objects.get(names="feldspar#")
    assert own.order == NamePattern.objects.count() > 1
    assert sign_in(cast.outsiders["analyst"]).get(f"/name-patterns/{own.pk}/").status_code == 404

    # What a person placed stays; what waited is looked at anew.
    answer = analyst.post("/uploads/queue/replay/", {"upload": [str(upload.pk)]}, follow=True)
    assert "1 was read and placed" in said(answer)[-1]
    assert upload.rows.get(label="FELDSPAR 7").outcome == "control"
    change = {"names": own.names, "kind": "control", "in_use": "", "reason": "", "try_names": ""}
    assert analyst.post(f"/name-patterns/{own.pk}/", change).status_code == 422
    analyst.post(f"/name-patterns/{own.pk}/", change | {"reason": "no such material any more"})
    own.refresh_from_db()
    assert not own.in_use
    assert "no such material any more" in text_of(analyst.get(f"/name-patterns/{own.pk}/"))


def test_a_reference_material_is_known_by_its_other_name(cast: Cast, planned: Run) -> None:
    reference = planned.positions.filter(kind="reference").select_related("material").first()
    analyst = sign_in(cast.analyst)
    analyst.post(
        "/name-patterns/new/", {"names": "house clay*", "kind": "control", "material": reference.material.code, "first": "on"}
    )  # fmt: skip
    data = write_unknown(planned).replace(reference.label.encode() + b";", b"House-Clay A;")
    upload = bring(analyst, planned, data)
    teach = f"/uploads/{upload.pk}/teach/"
    analyst.post(teach, answers(analyst.get(teach), name="Wizard", step="save"))
    assert upload.rows.get(label="House-Clay A").position == reference


def test_a_decision_about_a_row_is_taken_back_and_a_tube_is_scanned(cast: Cast, planned: Run) -> None:
    upload = make_waiting_upload(cast, planned)
    analyst, address = sign_in(cast.analyst), f"/uploads/{upload.pk}/"
    row = upload.rows.select_related("position__aliquot").filter(position__aliquot__isnull=False).first()
    aside = {f"position_{row.index}": str(row.position.number), f"aside_{row.index}": "on", "reason": "spilt"}
    analyst.post(f"{address}rows/?all=1", aside | {f"position_{row.index}": ""})
    assert upload.rows.get(index=row.index).outcome == "ignored"
    with nothing_changes():
        refused = analyst.post(f"{address}back/", {"row": ["99"]}, follow=True)
    assert "Nobody decided about one of these rows" in said(refused)[-1]
    taken = analyst.post(f"{address}back/", {"row": [str(row.index)]}, follow=True)
    assert said(taken) == ["The decision is taken back; the rows stand where their names put them."]
    assert upload.rows.get(index=row.index).position == row.position

    analyst.post(f"{address}rows/", aside | {f"position_{row.index}": ""})
    stranger = upload.rows.get(outcome="parked")
    unknown = analyst.post(f"{address}rows/", {f"position_{stranger.index}": "AL-NOPE"})
    assert "No tube of this run is called AL-NOPE" in text_of(unknown)
    analyst.post(f"{address}rows/", {f"position_{stranger.index}": row.position.aliquot.code.lower()})
    assert upload.rows.get(index=stranger.index).position == row.position
    with nothing_changes():
        refused = analyst.post(f"{address}back/", {"row": [str(row.index)]}, follow=True)
    assert "Another row stands at position" in said(refused)[-1]


def test_a_refused_message_is_kept_found_and_taken_once_its_cause_is_mended(cast: Cast, planned: Run) -> None:
    body = make_readings(planned)
    Run.objects.filter(pk=planned.pk).update(state="cancelled")
    caller = caller_of(planned)
    answer = caller.post("/instruments/me/readings/", body)
    assert answer.status_code == 409
    assert caller.post("/instruments/me/readings/", body).status_code == 409
    message = RefusedMessage.objects.get()
    assert (message.code, Upload.objects.count()) == (answer.json()["code"], 0)
    analyst, address = sign_in(cast.analyst), f"/uploads/refused/{message.pk}/"
    assert message.message in text_of(analyst.get("/uploads/queue/"))
    assert sign_in(cast.outsiders["analyst"]).get(address).status_code == 404
    assert json.loads(analyst.get(f"{address}raw/").content) == body
    assert sign_in(cast.reviewer).post(f"{address}replay/").status_code == 403

    assert message.message in said(analyst.post(f"{address}replay/", follow=True))[-1]
    assert (Upload.objects.count(), Attempt.objects.get().settled) == (0, False)
    Run.objects.filter(pk=planned.pk).update(state="planned")
    analyst.post("/uploads/queue/replay/", {"message": [str(message.pk)]})
    planned.refresh_from_db()
    assert (planned.state, Attempt.objects.filter(settled=True).count()) == ("qc_passed", 1)
    assert message.message not in text_of(analyst.get("/uploads/queue/"))
    assert "settled" in text_of(analyst.get("/uploads/refused/"))


def test_dismissing_needs_a_reason_and_keeps_the_message(cast: Cast, planned: Run) -> None:
    caller_of(planned).post("/instruments/me/readings/", {"run": "R-NONE", "readings": []})
    message = RefusedMessage.objects.get()
    analyst, address = sign_in(cast.analyst), f"/uploads/refused/{message.pk}/"
    with nothing_changes():
        assert analyst.post(f"{address}dismiss/", {"reason": " "}).status_code == 422
    analyst.post(f"{address}dismiss/", {"reason": "a test of the connection"})
    assert "a test of the connection" in text_of(analyst.get(address))
    with nothing_changes():
        assert "already" in said(analyst.post(f"{address}replay/", follow=True))[-1]
    assert b"settled" in b"".join(analyst.get("/uploads/refused/?format=csv").streaming_content)
