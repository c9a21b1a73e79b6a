"""The paper of an issued certificate: what ISO/IEC 17025:2017, 7.8.2.1 asks for, from real rows; and the same bytes from one snapshot."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

from pypdf import PdfReader

from assays.reports.content import read_content, verify_url
from assays.reports.making import draw_pattern
from assays.reports.models import Certificate
from lims.core.files import read_bytes
from lims.core.models import Installation
from lims.documents.certificate_paper import render_certificate
from tests.factories.people import Cast
from tests.factories.release import make_amended, make_authorised, make_issued, without


def paper_of(certificate: Certificate) -> bytes:
    return read_bytes("certificates", certificate.artefacts.get().sha256)


def text_of(certificate: Certificate) -> str:
    """All text of the paper without white space, so that line breaks do not matter."""
    reader = PdfReader(io.BytesIO(paper_of(certificate)))
    return squeeze("".join(page.extract_text() for page in reader.pages))


def squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_paper_carries_each_item_of_the_standard(cast: Cast) -> None:
    laboratory = cast.organisations["lab"]
    laboratory.contact = "certificates@lab.example"
    laboratory.save()
    certificate = make_issued(cast)
    sample, text = certificate.samples.get().sample, text_of(certificate)
    method = certificate.submission.tests.get().method_version.method
    for item, words in {
        "a title": "Certificate of analysis",
        "b laboratory": laboratory.name,
        "b address": laboratory.address,
        "b contact": laboratory.contact,
        "d number": certificate.number,
        "d end": f"End of certificate {certificate.number}",
        "e customer": certificate.submission.customer.name,
        "f method": method.name,
        "f version": "FUS-MS v1",
        "g item": sample.blind_code,
        "g description": "Ion-adsorption clay",
        "g condition": "Seal intact, container intact",
        "h received": "Received",
        "k sampling": "Channel, taken by the customer",
        "l statement": "relate only to the items tested",
        "l as received": "apply to the samples as received",
        "m Dy": "36.6",
        "m unit and basis": "mg/kg, dry basis",
        "m Dy2O3": "Dy₂O₃",
        "m TREO defined": "La₂O₃ + CeO₂ + Pr₆O₁₁",
        "m result with U and LOQ": "Dy 36.6 3.7 0.30 Dy₂O₃ 42.0 4.2",
        "n deviations": "None.",
        "o authorised by": cast.signatory.full_name,
        "o meaning": "Authorised the results for release",
        "verification": verify_url(certificate),
        "snapshot": certificate.snapshot.sha256,
    }.items():
        assert squeeze(words) in text, item


def test_paper_tells_neither_mine_nor_collectors_code(cast: Cast, certificate: Certificate) -> None:
    sample = certificate.samples.get().sample
    text = text_of(certificate) + bytes(certificate.snapshot.content).decode()
    for secret in [sample.code, sample.mine.name, sample.mine.code, sample.field_id, sample.seal_number]:
        assert secret not in text


def test_bounds_and_incomplete_sums_are_said_in_words(cast: Cast) -> None:
    certificate = make_issued(cast, make_authorised(cast, 3, [without(Tm="<0.05"), without("Lu", Tm="<0.05"), without(La=">5000")]))
    text = text_of(certificate)
    assert squeeze("Lu not measured; Tm below LOQ, counted as bounds") in text
    assert squeeze("La above the working range") in text
    assert "<0.05" in text
    assert squeeze("Tm below LOQ, counted as bounds") in text
    assert squeeze("Lu not measured") in text


def test_accepted_discrepancy_stands_on_the_paper_as_a_deviation(cast: Cast) -> None:
    from lims.core import clock
    from samples.models import Discrepancy

    submission = make_authorised(cast)
    sample = submission.tests.get().sample
    Discrepancy.objects.create(
        sample=sample,
        laboratory=submission.laboratory,
        kind="seal_broken",
        detail="Seal cut",
        found_at=clock.now(),
        decision="accept",
        reason="Bag tight, mass unchanged",
        decided_at=clock.now(),
    )
    text = text_of(make_issued(cast, submission))
    assert squeeze("seal broken; accepted: Bag tight, mass unchanged") in text


def test_amended_paper_shows_the_difference(cast: Cast, certificate: Certificate) -> None:
    text = text_of(make_amended(cast, certificate, reason="Dilution corrected."))
    for words in ["Amendment to certificate of analysis", certificate.number, "Dilution corrected.", "36.6 ± 3.7", "38.4 ± 3.8"]:
        assert squeeze(words) in text


def test_synthetic_data_are_marked_on_every_page(cast: Cast, synthetic: Installation) -> None:
    reader = PdfReader(io.BytesIO(paper_of(make_issued(cast, make_authorised(cast, 4)))))
    assert len(reader.pages) > 1
    assert all("synthetic" in page.extract_text().lower() for page in reader.pages)


def test_tests_outside_a_claimed_scope_are_marked_and_nothing_is_where_none_is_claimed(cast: Cast) -> None:
    assert squeeze("Not within the laboratory's scope of accreditation") not in text_of(make_issued(cast))
    laboratory = cast.organisations["lab"]
    laboratory.accreditation = "Accredited by NABL, TC-0000"
    laboratory.save()
    text = text_of(make_issued(cast))
    assert squeeze("Accredited by NABL, TC-0000") in text
    assert squeeze("Not within the laboratory's scope of accreditation") in text


def test_snapshot_drawn_again_gives_the_same_bytes(cast: Cast, certificate: Certificate) -> None:
    content = read_content(certificate)
    assert content.canonical_bytes() == bytes(certificate.snapshot.content)
    assert render_certificate(content, pattern_svg=draw_pattern(content)) == paper_of(certificate)


_DRAW = """
import django, sys
django.setup()
import hashlib, json
from assays.reports.making import draw_pattern
from lims.documents.certificate import CertificateContent
from lims.documents.certificate_paper import render_certificate
content = CertificateContent.from_data(json.loads(sys.stdin.buffer.read()))
print(hashlib.sha256(render_certificate(content, pattern_svg=draw_pattern(content))).hexdigest())
"""


def test_another_process_another_hash_seed_and_another_zone_give_the_same_bytes(cast: Cast) -> None:
    certificate = make_issued(cast, make_authorised(cast, 2))
    answer = subprocess.run(
        [sys.executable, "-c", _DRAW],
        input=bytes(certificate.snapshot.content),
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "lims.settings", "PYTHONHASHSEED": "1", "TZ": "Asia/Yangon", "LC_ALL": "C"},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert answer.stdout.decode().strip() == certificate.artefacts.get().sha256
