"""The scan box: whatever a reader sends opens the right page, or says what is wrong without telling what exists."""

from __future__ import annotations

import pytest
from django.test import Client

from assays.reports.models import Certificate
from lims.core.codes import tidy_scanned, with_check_character
from lims.workspace.scanning import open_scanned
from samples.models import Sample
from tests.factories import bench, release
from tests.factories.consignments import make_dispatched
from tests.factories.people import Cast
from tests.factories.samples import make_samples


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("S-26-00142-K", "S-26-00142-K"),
        (" s-26-00142-k\r\n", "S-26-00142-K"),
        ("S - 26 - 00142 - K", "S-26-00142-K"),
        ("S–26–00142–K", "S-26-00142-K"),
        ("S2600142K", "S-26-00142-K"),
        ("run2600007x", "RUN-26-00007-X"),
        ("B4839207217", "B-483920721-7"),
        ("S-२६-००१४२-K", "S-26-00142-K"),
        ("S-၂၆-၀၀၁၄၂-K", "S-26-00142-K"),
        ("Ｓ-26-00142-Ｋ", "S-26-00142-K"),
        ("seal-000017", "SEAL-000017"),
        ("]C1S-26-00142-K", "S-26-00142-K"),
        ("]Q3s-26-00142-k\t", "S-26-00142-K"),
        ("\x02S-26-00142-K\x03\r\n", "S-26-00142-K"),
        ("*S-26-00142-K*", "S-26-00142-K"),
    ],
)
def test_what_readers_and_keyboards_send_becomes_the_code(typed: str, code: str) -> None:
    assert tidy_scanned(typed) == code


@pytest.mark.django_db
def test_a_sample_opens_by_code_and_seal_for_its_firm_and_by_blind_code_at_the_bench(cast: Cast) -> None:
    sample = bench.make_received_samples(cast, 1)[0]
    for text in (sample.code, sample.code.lower() + "\n", str(sample.seal_number), f"https://lims.example/scan/?code={sample.code}"):
        assert open_scanned(text, cast.collector).url == f"/samples/{sample.code}/"
    assert open_scanned(sample.blind_code, cast.analyst).url == f"/samples/{sample.blind_code}/"
    assert open_scanned(sample.code, cast.analyst).refusal
    assert open_scanned(sample.code, cast.receptionist).url == f"/samples/{sample.blind_code}/"


@pytest.mark.django_db
def test_what_is_not_mine_reads_as_what_does_not_exist(cast: Cast) -> None:
    sample = make_samples(cast, 1)[0]
    missing = with_check_character("S-26-99999")
    theirs = open_scanned(sample.code, cast.outsiders["collector"]).refusal
    nothing = open_scanned(missing, cast.outsiders["collector"]).refusal
    assert theirs.replace(sample.code, "…") == nothing.replace(missing, "…")
    assert "sample" in theirs
    seal = open_scanned(str(sample.seal_number), cast.outsiders["collector"]).refusal
    assert seal.replace(str(sample.seal_number), "…") == open_scanned("SEAL-999999", cast.outsiders["collector"]).refusal.replace(
        "SEAL-999999", "…"
    )


@pytest.mark.django_db
def test_a_mistyped_code_names_the_remedy(cast: Cast) -> None:
    code = make_samples(cast, 1)[0].code
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    refusal = open_scanned(wrong, cast.collector).refusal
    assert "one character is mistyped" in refusal
    assert "Scan the label or type it again" in refusal


@pytest.mark.django_db
def test_nothing_and_nonsense_are_answered_in_words(cast: Cast) -> None:
    assert "Nothing was scanned" in open_scanned(" \r\n", cast.collector).refusal
    assert "type what stands on it" in open_scanned("<script>alert(1)</script>", cast.collector).refusal
    assert len(open_scanned("x" * 10_000, cast.collector).refusal) < 500


@pytest.mark.django_db
def test_consignments_and_outer_seals_open_for_their_parties_alone(cast: Cast) -> None:
    consignment = make_dispatched(cast, 1, outer_seal="BOX-000111")
    for text in (consignment.code, "box-000111"):
        assert open_scanned(text, cast.collector).url == f"/consignments/{consignment.code}/"
        assert open_scanned(text, cast.outsiders["collector"]).refusal


@pytest.mark.django_db
def test_bench_runs_and_papers_open_in_their_laboratory(cast: Cast, certificate: Certificate) -> None:
    submission, run = certificate.submission, bench.Run.objects.get()
    aliquot = bench.Aliquot.objects.first()
    assert aliquot is not None
    assert open_scanned(submission.code, cast.receptionist).url == f"/submissions/{submission.code}/"
    assert open_scanned(run.code, cast.analyst).url == f"/runs/{run.code}/"
    assert open_scanned(certificate.number, cast.signatory).url == f"/certificates/{certificate.number}/"
    assert open_scanned(aliquot.code, cast.technician).url
    for code in (submission.code, run.code, certificate.number, aliquot.code):
        assert open_scanned(code, cast.outsiders["analyst"]).refusal, code
    assert open_scanned(run.code, cast.collector).refusal
    assert open_scanned(certificate.number, cast.collector).url == f"/certificates/{certificate.number}/"


@pytest.mark.django_db
def test_the_address_in_a_certificates_qr_opens_its_verification_here(cast: Cast, client: Client) -> None:
    token = Certificate.objects.values_list("token", flat=True).get(pk=release.make_issued(cast).pk)
    client.force_login(cast.custodian)
    for host in ("https://lims.example", "http://127.0.0.1:8000", "https://elsewhere.example"):
        answer = client.get("/scan/", {"code": f"{host}/verify/{token}/\n"})
        assert answer.headers["Location"] == f"/verify/{token}/"
    assert client.get("/scan/", {"code": "https://elsewhere.example/somewhere/verify/"}).headers["Location"] == "/"


@pytest.mark.django_db
def test_a_refused_scan_says_so_on_the_start_page(cast: Cast, client: Client) -> None:
    client.force_login(cast.collector)
    page = client.get("/scan/", {"code": "S-26-00001-Z"}, follow=True)
    assert page.status_code == 200
    assert Sample.objects.count() == 0
    assert 'class="notice tone-fail"' in page.content.decode()
