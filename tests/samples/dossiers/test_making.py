"""A dossier from the request to its files, and what each reader's tells."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from lims.core.errors import DomainError, Forbidden, Invalid
from lims.jobs.services import run_job
from samples.custody.proving import list_keys
from samples.dossiers.making import draw_map, draw_paper, scale_photos
from samples.dossiers.models import Dossier
from samples.dossiers.selectors import fetch_dossier, pack_folder, read_bundle, read_paper
from samples.dossiers.services import request_consignment_dossier, request_sample_dossier, retry_dossier
from samples.dossiers.verify_custody_dossier import Key, verify
from samples.looks.models import Look
from samples.models import Sample
from samples.services.meeting import hand_over_here
from samples.services.photographing import photograph_sample
from samples.services.splitting import Part, split_sample
from tests.factories.consignments import make_dispatched, make_received, samples_of
from tests.factories.people import PASSWORD, Cast
from tests.factories.pictures import picture

pytestmark = pytest.mark.django_db


def make(dossier: Dossier) -> dict[str, Any]:
    """The data of a dossier, made as a worker makes it."""
    job = run_job(dossier.job_id)
    assert job is not None
    assert job.state == "done", job.message
    data: dict[str, Any] = json.loads(read_bundle(fetch_dossier(dossier.requested_by, dossier.number)))
    return data


def test_a_dossier_is_authentic_by_a_key_known_from_elsewhere_and_its_paper_follows_from_its_data(cast: Cast, sample: Sample) -> None:
    dossier = request_sample_dossier(sample=sample, by=cast.collector)
    data = make(dossier)
    found = fetch_dossier(cast.collector, dossier.number)
    answer = verify(read_bundle(found), pins=[Key(str(list_keys()[0].key))])

    assert (answer["exit"], answer["warnings"], found.edition.verdict) == (0, [], "authentic")
    assert found.edition.events == answer["counts"]["authentic"] == len(data["samples"][0]["events"])
    assert b"%PDF" in read_paper(found)[:10]
    again = draw_paper(data, read_bundle(found), verify(read_bundle(found)), map_svg=draw_map(data), photos=scale_photos(data))
    assert again == read_paper(found)  # the same data, the same paper


@pytest.fixture
def sample(cast: Cast) -> Sample:
    """Received at the laboratory, with a photograph from the field."""
    found = samples_of(make_received(cast, 2))[0]
    photograph_sample(sample=found, data=picture(), by=cast.collector, caption="Face of the pit")
    return found


def test_a_laboratory_reads_nothing_of_the_origin_and_the_same_bytes_as_the_owner(cast: Cast, sample: Sample) -> None:
    owners = make(request_sample_dossier(sample=sample, by=cast.collector))
    laboratorys = make(request_sample_dossier(sample=sample, by=cast.analyst))

    text = json.dumps(laboratorys, ensure_ascii=False)
    for secret in (sample.code, sample.mine.name, sample.owner.name, sample.collected_by, cast.collector.full_name, "WB-1"):
        assert secret not in text
        assert secret in json.dumps(owners, ensure_ascii=False)
    assert laboratorys["report"]["photos"] == []
    assert [event["canonical"] for event in laboratorys["samples"][0]["events"]] == [
        event["canonical"] for event in owners["samples"][0]["events"]
    ]


def test_exact_places_need_a_purpose_and_are_a_look(cast: Cast, sample: Sample) -> None:
    silent = make(request_sample_dossier(sample=sample, by=cast.collector))
    assert str(sample.latitude) not in json.dumps(silent)
    assert not Look.objects.exists()

    asked = request_sample_dossier(sample=sample, purpose="audit of the mine", by=cast.official)
    assert str(sample.latitude) in json.dumps(make(asked))
    look = Look.objects.get()
    assert (look.viewer, look.subject_id, look.door, look.purpose) == (cast.official, sample.pk, "document", "audit of the mine")
    assert not Dossier.objects.visible_to(cast.administrator).filter(pk=asked.pk).exists()
    with pytest.raises(Forbidden):
        request_sample_dossier(sample=sample, purpose="curiosity", by=cast.analyst)
    with pytest.raises(Invalid):
        request_sample_dossier(sample=sample, purpose="x", by=cast.official)


def test_a_sample_comes_with_its_family_and_a_consignment_with_all_that_travelled(cast: Cast, sample: Sample) -> None:
    parts = split_sample(sample=sample, parts=[Part(mass_g=sample.mass_g / 2)], remaining_g=sample.mass_g / 2, by=cast.technician)

    family = make(request_sample_dossier(sample=parts[0], by=cast.official))
    assert [one["code"] for one in family["samples"]] == [sample.code, parts[0].code]
    consignment = sample.consignment_items.get().consignment
    travelled = make(request_consignment_dossier(consignment=consignment, by=cast.custodian))
    assert [one["code"] for one in travelled["samples"]] == [one.code for one in samples_of(consignment)]


def test_the_folder_holds_data_paper_verifier_and_a_way_in(cast: Cast, sample: Sample) -> None:
    dossier = request_sample_dossier(sample=sample, by=cast.collector)
    make(dossier)
    found = fetch_dossier(cast.collector, dossier.number)

    folder = zipfile.ZipFile(io.BytesIO(pack_folder(found)))
    names = {name.split("/")[1]: folder.read(name) for name in folder.namelist()}
    assert set(names) == {"README.txt", f"{dossier.number}.json", f"{dossier.number}.pdf", "verify_custody_dossier.py"}
    assert names[f"{dossier.number}.json"] == read_bundle(found)
    assert names[f"{dossier.number}.pdf"] == read_paper(found)
    assert found.edition.bundle_sha256.encode() in names["README.txt"]


def test_a_reader_whose_role_changed_gets_no_dossier_until_asking_anew(cast: Cast, sample: Sample) -> None:
    dossier = request_sample_dossier(sample=sample, by=cast.collector)
    with pytest.raises(DomainError):
        retry_dossier(dossier=dossier, by=cast.collector)  # it has not failed
    cast.collector.role = "custodian"
    cast.collector.save()

    job = run_job(dossier.job_id)
    assert job is not None
    assert (job.state, job.error_code) == ("failed", "reader_changed")
    assert not hasattr(Dossier.objects.get(pk=dossier.pk), "edition")


def test_signatures_are_bound_to_events_and_a_laboratory_gets_no_hash_to_try_names_against(cast: Cast) -> None:
    consignment = make_dispatched(cast, 1)
    for giver, taker in ((cast.collector, cast.custodian), (cast.custodian, cast.receptionist)):
        hand_over_here(
            consignment=consignment, taker=taker.username, taker_password=PASSWORD, password=PASSWORD, seals_intact=True, by=giver
        )

    owners = make(request_consignment_dossier(consignment=consignment, by=cast.collector))
    laboratorys = make(request_consignment_dossier(consignment=consignment, by=cast.receptionist))

    told = {event["disclosed"].get("signature", {}).get("value") for event in owners["samples"][0]["events"]} - {None}
    assert told == {row["content_sha256"] for row in owners["signatures"]}
    assert len(told) == 4
    answer = verify(json.dumps(owners, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())
    assert (answer["exit"], any("seal alone" in note for note in answer["notes"])) == (0, False)
    assert len(laboratorys["signatures"]) == 4
    assert not any(digest in json.dumps(laboratorys) for digest in told)
