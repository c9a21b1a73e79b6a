"""The pages of samples: the list, registration, the page of one and its steps, labels."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from lims.core import clock
from lims.core.roles import LABORATORY_ROLES
from samples.custody.models import CustodyEvent
from samples.models import Hold, Photo, Sample
from samples.services.correcting import correct_sample
from samples.services.holding import hold_sample
from samples.services.splitting import Part, split_sample
from tests.factories.consignments import make_received
from tests.factories.people import PASSWORD, Cast
from tests.factories.pictures import picture
from tests.factories.samples import make_mine, make_samples
from tests.samples.api.test_samples_api import secrets_of


def login(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def text_of(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.content[:2000]
    text: str = answer.content.decode()
    return text


def form_of(**more: Any) -> dict[str, Any]:
    """What a collector types."""
    return {
        "mine": str(make_mine().pk),
        "pit": "P1",
        "material": "clay",
        "method": "channel",
        "collected_at": "2026-03-02T09:15",
        "collected_zone": "Asia/Yangon",
        "mass_g": "2140.5",
        "container": "poly bag",
        "container_count": "1",
        "seal_number": "K-1",
        "field_id": "bag 1",
        "remark": "wet",
    } | more


# --- Registration ---------------------------------------------------------------------------------------------------------------------


def test_registration_by_form_with_a_photograph(cast: Cast) -> None:
    photo = SimpleUploadedFile("wall.jpg", picture(), "image/jpeg")
    answer = login(cast.collector).post("/samples/new/", form_of(photo=photo))
    sample = Sample.objects.get()
    assert answer["Location"] == f"/samples/{sample.code}/"
    assert sample.collected_at.isoformat() == "2026-03-02T02:45:00+00:00"
    assert (sample.pit.code if sample.pit else "", sample.collected_by) == ("P1", cast.collector.full_name)
    assert Photo.objects.get().sample == sample


def test_next_bag_takes_over_what_it_shares(cast: Cast) -> None:
    client = login(cast.collector)
    answer = client.post("/samples/new/", form_of(next="1"))
    page = text_of(client.get(answer["Location"]))
    assert 'value="2026-03-02T09:15"' in page
    assert 'value="poly bag"' in page
    assert "bag 1" not in page
    assert "K-1" not in page


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"mass_g": "-5"}, "is not a mass"),
        ({"mass_g": "12,4 kg"}, "Enter a number"),
        ({"collected_at": "2999-01-01T00:00"}, "lies in the future"),
        ({"pit": "P9"}, "has no pit"),
        ({"seal_number": "SEAL-000000"}, "is on another sample already"),
        ({"mine": "0198f000-0000-7000-8000-000000000000"}, "Select a valid choice"),
        ({"duplicate_of": "bag 9"}, "There is no sample"),
        ({"depth_from_m": "3", "depth_to_m": "2"}, "Depths run down"),
    ],
)
def test_wrong_field_is_named_and_what_was_typed_stays(cast: Cast, change: dict[str, str], sentence: str) -> None:
    make_samples(cast)
    before = (Sample.objects.count(), CustodyEvent.objects.count())
    page = text_of(login(cast.collector).post("/samples/new/", form_of(**change)), status=422)
    assert sentence in page
    assert "data-error-summary" in page
    assert "poly bag" in page
    assert (Sample.objects.count(), CustodyEvent.objects.count()) == before


def test_disguised_photograph_stops_the_registration(cast: Cast) -> None:
    photo = SimpleUploadedFile("wall.jpg", b"<svg onload=alert(1)>", "image/jpeg")
    assert "not a photograph" in text_of(login(cast.collector).post("/samples/new/", form_of(photo=photo)), status=422)
    assert not Sample.objects.exists()


# --- The list -------------------------------------------------------------------------------------------------------------------------


def test_list_shows_filters_and_says_what_to_do_next(cast: Cast) -> None:
    client = login(cast.collector)
    assert "Register the first" in text_of(client.get("/samples/"))
    make_samples(cast, 3)
    page = text_of(client.get("/samples/?material=clay&q=F-0000"))
    assert page.count("/samples/S-") == 3
    assert "ion-adsorption clay" in page
    assert "No sample fits" in text_of(client.get("/samples/?material=rock"))


def test_list_with_a_foreign_cursor_starts_again(cast: Cast) -> None:
    answer = login(cast.collector).get("/samples/?cursor=abc", follow=True)
    assert "Start again without it" in text_of(answer)


def test_laboratory_pages_and_files_carry_nothing_of_the_origin(cast: Cast) -> None:
    (sample,) = make_samples(cast, pit="P1", remark="beside the pump house", collected_by="Daw Mya", field_id="bag 17")
    make_received(cast, 0, samples=[sample])
    hold_sample(sample=sample, kind="provenance", reason="permit of Pangwa North missing", by=cast.official)
    correct_sample(sample=sample, changes={"remark": "behind the pump house"}, reason="seen on the map", by=cast.collector)
    sample.refresh_from_db()
    for role in sorted(LABORATORY_ROLES):
        client = login(cast.people[role])
        answers = [client.get(path) for path in ("/samples/", f"/samples/{sample.blind_code}/", f"/samples/{sample.pk}/")]
        texts = [text_of(answer) for answer in answers]
        texts.append(b"".join(client.get("/samples/?format=csv").streaming_content).decode())
        book = load_workbook(io.BytesIO(client.get("/samples/?format=xlsx").content))
        texts.append(str([[cell.value for cell in row] for row in book.active.iter_rows()]))
        for text in texts:
            assert sample.blind_code in text, role
            for secret in secrets_of(sample):
                assert secret not in text, (role, secret)


def test_exports_equal_the_list_and_its_filters(cast: Cast) -> None:
    make_samples(cast, 2)
    (rock,) = make_samples(cast, 1, material="rock", remark="=cmd|'/c calc'!A1")
    client = login(cast.collector)
    rows = list(csv.DictReader(io.StringIO(b"".join(client.get("/samples/?format=csv&material=rock").streaming_content).decode())))
    assert [row["code"] for row in rows] == [rock.code]
    assert rows[0]["remark"].startswith("'=")
    sheet = load_workbook(io.BytesIO(client.get("/samples/?format=xlsx").content)).active
    header = [cell.value for cell in sheet[1]]
    assert sheet.max_row == 4
    cell = sheet.cell(2, header.index("remark") + 1)
    assert (cell.data_type, cell.value) == ("s", "=cmd|'/c calc'!A1")


def test_queries_of_list_and_page_do_not_grow(cast: Cast, django_assert_max_num_queries: Any) -> None:
    samples = make_samples(cast, 25)
    make_received(cast, 0, samples=samples[:5])
    split_sample(
        sample=samples[0], parts=[Part(mass_g=samples[0].mass_g / 10)] * 3, remaining_g=samples[0].mass_g * 7 / 10, by=cast.technician
    )
    collector, technician = login(cast.collector), login(cast.technician)
    for client in (collector, technician):
        client.get("/samples/")
    with django_assert_max_num_queries(12):
        collector.get("/samples/")
    with django_assert_max_num_queries(12):
        technician.get("/samples/")
    with django_assert_max_num_queries(24):
        collector.get(f"/samples/{samples[0].code}/")
    with django_assert_max_num_queries(26):
        technician.get(f"/samples/{samples[0].blind_code}/")


# --- One sample -----------------------------------------------------------------------------------------------------------------------


def test_page_tells_facts_custody_and_corrections(cast: Cast) -> None:
    (sample,) = make_samples(cast, pit="P1")
    correct_sample(
        sample=sample,
        changes={"depth_to_m": sample.depth_to_m + 1, "latitude": None, "longitude": None},
        reason="misread",
        by=cast.collector,
    )
    page = text_of(login(cast.collector).get(f"/samples/{sample.code}/"))
    for shown in ("Pangwa North", sample.blind_code, "SEAL-", "misread", "1.80", "2.80", "record corrected", "Depth to (m)"):
        assert shown in page, shown
    page = text_of(login(cast.administrator).get(f"/samples/{sample.code}/"))
    assert "25.9234" not in page
    assert "misread" in page


def test_hold_is_put_shown_and_released_on_the_page(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    client, official = login(cast.collector), login(cast.official)
    path = f"/samples/{sample.code}/"
    assert client.post(f"{path}hold/", {"hold-kind": "custody", "hold-reason": "seal hard to read"}).status_code == 302
    page = text_of(official.get(path))
    assert "seal hard to read" in page
    hold = Hold.objects.get()
    refused = text_of(official.post(f"{path}holds/{hold.pk}/release/", {"release-reason": " "}), status=422)
    assert "This field is required" in refused
    assert official.post(f"{path}holds/{hold.pk}/release/", {"release-reason": "read again"}).status_code == 302
    assert not Sample.objects.get().on_hold
    again = text_of(official.post(f"{path}holds/{hold.pk}/release/", {"release-reason": "read again"}), status=422)
    assert "released already" in again


def test_hold_of_another_sample_cannot_be_released_here(cast: Cast) -> None:
    sample, other = make_samples(cast, 2)
    hold = hold_sample(sample=other, kind="custody", reason="seal", by=cast.collector)
    text_of(login(cast.official).post(f"/samples/{sample.code}/holds/{hold.pk}/release/", {"release-reason": "r"}), status=422)
    assert Hold.objects.get().released_at is None


def test_correction_by_form_changes_only_what_was_changed(cast: Cast) -> None:
    (sample,) = make_samples(cast, collected_at=clock.now().replace(microsecond=123456) - timedelta(days=1), pit="P1")
    client, path = login(cast.collector), f"/samples/{sample.code}/correct/"
    form = client.get(path).context["form"]
    typed = {name: form[name].value() if form[name].value() is not None else "" for name in form.fields}
    typed |= {"collected_at": f"{typed['collected_at']:%Y-%m-%dT%H:%M}", "remark": "wet", "reason": "seen on the photograph"}
    assert client.post(path, typed).status_code == 302
    stored = Sample.objects.get()
    assert (stored.remark, stored.version, stored.collected_at) == ("wet", 2, sample.collected_at)
    stale = text_of(client.post(path, typed | {"remark": "dry"}), status=422)
    assert "was corrected meanwhile" in stale
    typed |= {"version": 2, "collected_zone": "Asia/Kolkata"}
    assert client.post(path, typed).status_code == 302
    assert (Sample.objects.get().collected_at - sample.collected_at).total_seconds() == pytest.approx(3600, abs=60)


def test_correction_form_says_what_is_wrong(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    client, path = login(cast.collector), f"/samples/{sample.code}/correct/"
    typed = form_of(mass_g="-1", reason="", version="1", seal_number="")
    page = text_of(client.post(path, typed), status=422)
    assert "This field is required" in page
    assert "is not a mass" in text_of(client.post(path, typed | {"reason": "r"}), status=422)
    assert Sample.objects.get().version == 1


def test_split_by_form_line_by_line(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    client, path = login(cast.collector), f"/samples/{sample.code}/split/"
    lines = {
        "parts-TOTAL_FORMS": "2",
        "parts-INITIAL_FORMS": "0",
        "parts-0-kind": "subsample",
        "parts-0-mass_g": "2000",
        "parts-1-kind": "reject",
        "parts-1-mass_g": "",
    }
    page = text_of(client.post(path, lines | {"remaining_g": "0", "reason": ""}), status=422)
    assert "say where they went" in page
    assert client.post(path, lines | {"remaining_g": "140.5", "reason": ""}).status_code == 302
    assert sorted(str(one.mass_g) for one in Sample.objects.all()) == ["140.500", "2000.000"]


def test_disposal_and_photograph_on_the_page(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    make_received(cast, 0, samples=[sample])
    path = f"/samples/{sample.blind_code}/"
    photo = SimpleUploadedFile("bag.png", picture("PNG"), "image/png")
    assert login(cast.receptionist).post(f"{path}photos/", {"photo-photo": photo, "photo-caption": "torn bag"}).status_code == 302
    assert "torn bag" in text_of(login(cast.analyst).get(path))
    broken = SimpleUploadedFile("bag.png", b"nothing", "image/png")
    assert "not a photograph" in text_of(login(cast.receptionist).post(f"{path}photos/", {"photo-photo": broken}), status=422)
    passwords = {"dispose-password": PASSWORD, "dispose-witness": cast.technician.pk, "dispose-witness_password": PASSWORD}
    wrong = {**passwords, "dispose-early": "on", "dispose-reason": "matrix spoiled", "dispose-witness_password": "guessed"}
    assert "The password is not right" in text_of(login(cast.quality_manager).post(f"{path}dispose/", wrong), status=422)
    soon = {**passwords, "dispose-reason": "matrix spoiled"}
    assert "is kept until" in text_of(login(cast.quality_manager).post(f"{path}dispose/", soon), status=422)
    assert login(cast.quality_manager).post(f"{path}dispose/", {**soon, "dispose-early": "on"}).status_code == 302
    assert Sample.objects.get().state == "disposed"
    again = login(cast.quality_manager).post(f"{path}dispose/", {**passwords, "dispose-reason": "again"})
    assert "must be" in text_of(again, status=422)


def test_steps_of_others_stay_with_others(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    for step in ("hold", "dispose", "photos"):
        assert login(cast.administrator).post(f"/samples/{sample.code}/{step}/", {}).status_code == 403
        assert login(cast.outsiders["collector"]).post(f"/samples/{sample.code}/{step}/", {}).status_code in {403, 404}
    assert CustodyEvent.objects.filter(sample=sample).count() == 2


# --- Labels and scans -----------------------------------------------------------------------------------------------------------------


def test_labels_are_printed_for_the_chosen_samples(cast: Cast) -> None:
    first, second = make_samples(cast, 2)
    client = login(cast.collector)
    sheet = client.get(f"/samples/labels/?code={first.code}&code={second.code}&skip=5")
    assert (sheet["Content-Type"], sheet.content[:5]) == ("application/pdf", b"%PDF-")
    assert client.get(f"/samples/labels/?code={first.code}&layout=single").status_code == 200
    assert client.get("/samples/labels/?code=S-26-99999-X").status_code == 404
    for wrong in ("", "?layout=poster&code=" + first.code, "?skip=24&code=" + first.code, "?skip=x&code=" + first.code):
        assert client.get(f"/samples/labels/{wrong}").status_code == 302


def test_label_of_the_laboratory_bears_the_blind_code_alone(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    (sample,) = make_samples(cast)
    make_received(cast, 0, samples=[sample])
    printed: list[Any] = []
    monkeypatch.setattr("samples.sample_labels.render_labels", lambda labels, *rest, **more: printed.extend(labels) or b"%PDF-")
    login(cast.technician).get(f"/samples/labels/?code={sample.blind_code}")
    login(cast.collector).get(f"/samples/labels/?code={sample.code}")
    lab, field = printed
    assert (lab.code, lab.kind) == (sample.blind_code, "laboratory_sample")
    assert (field.code, field.kind, field.keep_sealed) == (sample.code, "sample", True)
    for label in printed:
        for secret in ("Pangwa", "IREL", sample.field_id, "Chipwe"):
            assert secret not in " ".join(label.lines)


def test_scan_opens_the_sample_by_code_and_seal(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    client = login(cast.collector)
    for scanned in (sample.code.lower(), sample.blind_code, str(sample.seal_number)):
        assert client.get("/scan/", {"q": scanned})["Location"] == f"/samples/{sample.code}/"
    assert login(cast.analyst).get("/scan/", {"q": sample.code})["Location"] == "/"
