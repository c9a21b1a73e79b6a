"""The certificate on paper: every item of ISO/IEC 17025:2017, 7.8.2.1, deterministic, tagged, and free of code in data."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any

import pytest
from pypdf import PdfReader

from lims.core.errors import DomainError
from lims.documents.certificate import Amendment, CertificateContent, Change, Customer, DerivedResult, ElementResult, Quantity
from lims.documents.certificate_paper import Footnotes, arrange_certificate, render_certificate

PATTERN = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><path d="M0 0L40 20" stroke="#a4502f"/></svg>'


def read(pdf: bytes) -> tuple[PdfReader, str]:
    reader = PdfReader(io.BytesIO(pdf))
    return reader, "\n".join(page.extract_text() for page in reader.pages)


def squeeze(text: str) -> str:
    """Without white space: how lines are broken is not what is tested."""
    return re.sub(r"\s+", "", text)


def test_all_items_of_the_standard_are_on_the_paper(one_sample: CertificateContent) -> None:
    _, text = read(render_certificate(one_sample, pattern_svg=PATTERN))
    found = squeeze(text)
    for item, words in {
        "a title": "Certificate of analysis",
        "b laboratory": "National Rare-Earth Reference Laboratory",
        "b address": "Bhopal 462011",
        "c location": "At the laboratory's address above.",
        "d number": "BPL-26-000164-K",
        "d end": "End of certificate BPL-26-000164-K",
        "e customer": "Midwest Advanced Materials Pvt Ltd",
        "e contact": "Exploration desk",
        "f method": "FUS-MS v3",
        "f description": "0.100 g of pulp dried at 105 °C",
        "g item": "BL-4F7Q-2",
        "g customer's code": "KCN-0142-7",
        "g description": "Pulp of ion-adsorption clay",
        "g condition": "Seal intact and as listed",
        "h received": "8 Nov 2026",
        "h sampled": "27 Oct 2026",
        "i tested": "12 – 14 Nov 2026",
        "j issued": "22 Nov 2026, 14:05:09 IST (UTC+05:30)",
        "k sampling": "after SOP-S-02 v4",
        "l statement": "relate only to the items tested",
        "l as received": "apply to the samples as received",
        "note": "not be reproduced except in full",
        "m result": "36.6",
        "m unit": "mg/kg, dry basis",
        "m oxide": "Dy₂O₃",
        "n deviations": "deviations from and exclusions from the methods. None.",
        "o authorised": "Dr. S. Iyer",
        "o meaning": "Authorises the results and this certificate",
        "o time": "22 Nov 2026, 13:58:40 IST (UTC+05:30)",
        "o hash": "9f31" * 16,
        "7.8.6": "No statement of conformity",
        "definition": "Pr₆O₁₁ + Nd₂O₃ + Tb₄O₇ + Dy₂O₃",
        "normalisation": "McDonough & Sun 1995",
        "verification": one_sample.verify_url,
        "snapshot": one_sample.sha256(),
        "accreditation": "No accreditation is claimed",
    }.items():
        assert squeeze(words) in found, item


def test_every_page_carries_the_number_its_place_and_the_synthetic_mark(many_samples: CertificateContent) -> None:
    reader, _ = read(render_certificate(replace(many_samples, synthetic=True)))
    pages = [page.extract_text() for page in reader.pages]
    assert len(pages) >= 3
    for number, text in enumerate(pages, start=1):
        assert many_samples.number in text
        assert f"page {number} of {len(pages)}" in text
        assert "SYNTHETIC DEMONSTRATION DATA – NOT A REAL ANALYSIS" in text


def test_real_data_carry_no_synthetic_mark(many_samples: CertificateContent) -> None:
    _, text = read(render_certificate(many_samples))
    assert "SYNTHETIC" not in text


def test_every_value_of_twenty_five_samples_is_on_the_paper(many_samples: CertificateContent) -> None:
    _, text = read(render_certificate(many_samples))
    for table in many_samples.tables:
        assert table.item_code in text
        for result in table.results:
            assert result.result.value in text


def test_the_same_content_gives_the_same_bytes(one_sample: CertificateContent) -> None:
    first = render_certificate(one_sample, pattern_svg=PATTERN)
    assert render_certificate(CertificateContent.from_data(one_sample.to_data()), pattern_svg=PATTERN) == first
    assert render_certificate(replace(one_sample, number="BPL-26-000165-M"), pattern_svg=PATTERN) != first


def test_the_hash_of_the_snapshot_as_kept_is_printed(one_sample: CertificateContent) -> None:
    _, text = read(render_certificate(one_sample, snapshot_sha256="ab" * 32))
    assert "ab" * 32 in squeeze(text)
    assert one_sample.sha256() not in squeeze(text)


def test_the_file_is_tagged_archival_and_says_so(one_sample: CertificateContent) -> None:
    reader, _ = read(render_certificate(one_sample, pattern_svg=PATTERN))
    root: Any = reader.trailer["/Root"]
    metadata = root["/Metadata"].get_object().get_data().decode()
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == "en-GB"
    assert "<pdfaid:part>2</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert reader.metadata
    assert reader.metadata.title == "Certificate of analysis BPL-26-000164-K"
    assert reader.metadata.creation_date == one_sample.issued_at


def test_an_amendment_names_what_it_replaces_why_and_what_changed(one_sample: CertificateContent) -> None:
    amendment = Amendment(
        of_number="BPL-26-000101-X",
        of_issued_at=one_sample.issued_at,
        reason="The code was mistyped.",
        changes=(Change(what="Customer's code", before="KCN-0124-1", after="KCN-0142-7"),),
    )
    _, text = read(render_certificate(replace(one_sample, amendment=amendment)))
    for words in ("Amendment to certificate of analysis", "BPL-26-000101-X", "no longer in force", "The code was mistyped.", "KCN-0124-1"):
        assert squeeze(words) in squeeze(text)


def test_text_of_people_is_never_code(one_sample: CertificateContent) -> None:
    hostile = '#panic("x") $a$ \\ `raw` *bold* _em_ <label> @ref "quote" #sys.inputs // comment'
    _, text = read(render_certificate(replace(one_sample, customer=Customer(name=hostile, contact="c"), remarks=(hostile,))))
    assert squeeze(text).count(squeeze(hostile)) == 2


def test_names_in_devanagari_and_burmese_are_printed(one_sample: CertificateContent) -> None:
    pdf = render_certificate(replace(one_sample, customer=Customer(name="खान मंत्रालय", contact="မြန်မာ")))
    fonts = {str(font["/BaseFont"]) for page in PdfReader(io.BytesIO(pdf)).pages for font in page_fonts(page)}
    assert any("NotoSansDevanagari" in name for name in fonts)
    assert any("NotoSansMyanmar" in name for name in fonts)


def page_fonts(page: Any) -> list[Any]:
    return [font.get_object() for font in page["/Resources"]["/Font"].values()]


def test_a_script_without_a_font_is_refused_with_the_character(one_sample: CertificateContent) -> None:
    with pytest.raises(DomainError) as refusal:
        render_certificate(replace(one_sample, customer=Customer(name="中国", contact="c")))
    assert refusal.value.code == "character_without_font"
    assert "中" in refusal.value.message


def test_an_external_result_and_one_outside_the_scope_are_marked(one_sample: CertificateContent) -> None:
    results = (
        ElementResult(element="Tb", result=Quantity(value="6.38"), external_provider="Hyderabad Assay Centre"),
        ElementResult(element="Dy", result=Quantity(value="36.6"), accredited=False, note="Repeated."),
        ElementResult(element="Ho", result=Quantity(value="0.01", qualifier="<"), accredited=False),
    )
    content = replace(one_sample, tables=(replace(one_sample.tables[0], results=results),))
    arranged = arrange_certificate(content)
    assert [row["marks"] for row in arranged["details"][0]["rows"]] == ["a", "b,c", "b"]
    assert [note["text"] for note in arranged["footnotes"]] == [
        "Provided by an external provider: Hyderabad Assay Centre.",
        "Not within the laboratory's scope of accreditation.",
        "Repeated.",
    ]
    _, text = read(render_certificate(content))
    assert "<\u202f0.01" in text or "< 0.01" in text or "<0.01" in text
    assert squeeze("Hyderabad Assay Centre") in squeeze(text)


def test_bounds_and_incomplete_sums_say_so_in_words(many_samples: CertificateContent) -> None:
    grades = arrange_certificate(many_samples)["grades"]
    treo = grades["symbols"].index("TREO")
    bounded, incomplete = grades["rows"][3]["cells"][treo], grades["rows"][4]["cells"][treo]
    assert (bounded["value"], bounded["state"]) == ("49.6\u00a0–\u00a049.7", "bounded")
    assert (incomplete["value"], incomplete["state"]) == ("≥\u00a0630", "incomplete")
    notes = [note["text"] for note in grades["footnotes"]]
    assert notes[0] == "▲ Bounds: Tm below LOQ, counted as bounds."
    assert notes[1].startswith("▲ Incomplete: Lu₂O₃ and Y₂O₃ not measured.")


def test_what_all_samples_share_is_said_once(many_samples: CertificateContent) -> None:
    arranged = arrange_certificate(many_samples)
    assert [fact["caption"] for fact in arranged["item_shared"]] == ["Description", "Condition on receipt", "Received", "Tested"]
    assert [column["key"] for column in arranged["item_columns"]] == ["code", "customer_code", "sampled"]


def test_sampling_by_the_laboratory_is_not_marked_as_the_customers(one_sample: CertificateContent) -> None:
    assert arrange_certificate(one_sample)["customer_mark"] == "†"
    own = arrange_certificate(replace(one_sample, sampled_by_laboratory=True))
    assert own["customer_mark"] == ""
    assert not any("as received" in sentence for sentence in own["statements"])


def test_a_definition_is_not_named_twice(one_sample: CertificateContent) -> None:
    sums = arrange_certificate(one_sample)["details"][0]["derived"]
    assert next(one for one in sums if one["symbol"] == "TREO")["definition"].startswith("La₂O₃ + CeO₂")


def test_a_certificate_without_oxides_or_sums_is_still_a_certificate(one_sample: CertificateContent) -> None:
    bare = replace(one_sample.tables[0], derived=(), results=(ElementResult(element="Th", result=Quantity(value="38.2")),))
    _, text = read(render_certificate(replace(one_sample, tables=(bare,), patterns=())))
    assert "38.2" in text
    assert "Grades" not in text


def test_only_a_lower_bound_stands_where_nothing_could_be_summed() -> None:
    lacking = DerivedResult(symbol="TREO", definition="", missing=("La2O3",))
    assert lacking.state == "incomplete"


def test_footnotes_are_lettered_in_order_of_citation_beyond_z() -> None:
    notes = Footnotes()
    assert notes.cite("one", "", "two") == "a,b"
    assert notes.cite("two") == "b"
    for number in range(25):
        notes.cite(f"more {number}")
    assert notes.listed()[26]["mark"] == "aa"
